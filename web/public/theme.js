// Runs before the first paint, so that a chosen theme never flashes. Without a choice CSS follows the system.
function chosen(key) {
  try {
    return localStorage.getItem(key)
  } catch {
    // A browser that keeps nothing for us: nothing was chosen.
    return null
  }
}
var theme = chosen("skein.theme")
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme
var language = chosen("skein.language") || navigator.language
document.documentElement.lang = /^zh/i.test(language) ? "zh-CN" : "en"

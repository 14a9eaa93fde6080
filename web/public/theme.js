// Runs before the first paint, so that a chosen theme never flashes. Without a choice CSS follows the system.
var theme = localStorage.getItem("skein.theme")
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme
var language = localStorage.getItem("skein.language") || navigator.language
document.documentElement.lang = /^zh/i.test(language) ? "zh-CN" : "en"

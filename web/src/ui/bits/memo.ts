import { Component, type ComponentType, h } from "preact"

/** Renders again only when a prop is another object; a long list then costs what changed. */
export function memo<P extends object>(Inner: ComponentType<P>): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const keys = Object.keys({ ...this.props, ...next }) as (keyof P)[]
      return keys.some((key) => (this.props as P)[key] !== next[key])
    }
    override render() {
      return h(Inner, this.props as P)
    }
  }
}

// What the modules of the page ask of a browser even where they have no DOM.
globalThis.localStorage ??= { getItem: () => null, setItem() {} }
globalThis.document ??= { documentElement: {} }

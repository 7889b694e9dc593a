// Runs the page's anywidgets without a kernel. Jupyter saves a widget's state in the page as JSON; each anywidget
// carries its own ES module in that state. This imports the module and hands it a model that lives in the page alone.
(() => {
  const MIME = "application/vnd.jupyter.widget-";

  class Model {
    #state;
    #listeners = new Map();
    constructor(state) {
      this.#state = state;
    }
    get(name) {
      return this.#state[name];
    }
    set(name, value) {
      const changes = typeof name === "object" ? name : { [name]: value };
      for (const [key, next] of Object.entries(changes)) {
        if (this.#state[key] === next) continue;
        this.#state[key] = next;
        this.#emit(`change:${key}`, this, next);
      }
      this.#emit("change", this);
    }
    on(events, callback) {
      for (const event of events.split(" "))
        this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), callback]);
    }
    off(events, callback) {
      for (const event of (events ?? [...this.#listeners.keys()].join(" ")).split(" "))
        this.#listeners.set(event, (this.#listeners.get(event) ?? []).filter((f) => callback && f !== callback));
    }
    save_changes() {} // there is no kernel to save to
    send() {}
    #emit(event, ...details) {
      for (const callback of this.#listeners.get(event) ?? []) callback(...details);
    }
  }

  async function load(module) {
    const url = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
    const { default: widget } = await import(url);
    URL.revokeObjectURL(url);
    return typeof widget === "function" ? widget() : widget;
  }

  function style(id, css) {
    if (!css || document.getElementById(id)) return;
    document.head.append(Object.assign(document.createElement("style"), { id, textContent: css }));
  }

  async function show(script, models) {
    const { model_id } = JSON.parse(script.textContent);
    const { state } = models[model_id];
    const el = Object.assign(document.createElement("div"), { className: "widget-view" });
    const widget = await load(state._esm);
    const model = new Model(state);
    style(state._anywidget_id, state._css);
    await widget.initialize?.({ model });
    script.before(el);
    await widget.render({ model, el });
    document.documentElement.classList.add("has-widgets"); // hides the still figures, except in print
  }

  const saved = document.querySelector(`script[type="${MIME}state+json"]`);
  if (!saved) return;
  const models = JSON.parse(saved.textContent).state;
  for (const script of document.querySelectorAll(`script[type="${MIME}view+json"]`)) show(script, models);
})();

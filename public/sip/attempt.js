/** Run `action`, which may throw or reject; `failed(error)` hears of either. */
export function attempt(action, failed = () => {}) {
  try {
    Promise.resolve(action()).catch(failed);
  } catch (error) {
    failed(error);
  }
}

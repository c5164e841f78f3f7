package dev.hone.contract;

import dev.hone.Device;
import dev.hone.Session;

/** What the author of a runtime gives to the contract. */
public interface SessionOpener {
  /** Opens a session that runs this model with the defaults. The test closes it. */
  Session open(ReferenceModel model);

  /** Where these sessions say they compute. */
  default Device device() {
    return Device.cpu();
  }

  /**
   * How far {@link ReferenceModel.Operation#COUNT} counts in a time that is short for people and
   * long for computers: a tenth of a second or so.
   */
  default long briefly() {
    return 50_000;
  }

  /** How far it counts in a time longer than the test may take. */
  default long endlessly() {
    return 1_000_000_000_000L;
  }

  /** How many threads use one session at once, where that is what is tested. */
  default int threads() {
    return 8;
  }

  /** How often what depends on timing is tried. */
  default int rounds() {
    return 25;
  }
}

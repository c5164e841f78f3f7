package dev.hone.benchmarks.life;

import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Resident;
import dev.hone.memory.Memory;

/** A process that runs texts of all lengths from eight threads and watches its own memory. */
public final class SoakProcess {
  private SoakProcess() {}

  /**
   * Soaks, and prints how much resident memory grew in percent, how many native bytes were left
   * when all was closed, how many runs there were, and how many bytes were resident in the end.
   *
   * @param arguments for how many seconds
   */
  public static void main(String[] arguments) throws Exception {
    MixedTexts.Seen seen;
    try (Session session =
        Session.open(TextModel.MINILM.model(), SessionOptions.builder().threads(1).build())) {
      seen = MixedTexts.run(session, Integer.parseInt(arguments[0]), Resident::bytes);
    }
    LifeProcess.tell(
        seen.growthPercent(),
        (double) Memory.stats().liveBytes(),
        (double) seen.runs(),
        seen.bytes());
    System.exit(0);
  }
}

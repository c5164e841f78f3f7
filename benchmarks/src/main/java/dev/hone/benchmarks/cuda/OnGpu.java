package dev.hone.benchmarks.cuda;

import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.life.MixedTexts;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.AskedOnce;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.cuda.CudaDiagnostics;
import dev.hone.cuda.CudaReport;
import java.util.function.Supplier;

/** What a GPU gives, and what the way to it costs. */
public final class OnGpu implements AskedOnce {
  private static final String GROWTH = "growth of the GPU's used memory";
  private static final String RUNS = "runs";
  private static final String USED = "used in the end";

  private final Supplier<CudaReport> report;
  private final Supplier<Site> sites;

  /** On the first GPU of this machine. */
  public OnGpu() {
    this(CudaDiagnostics::report, GpuSite::new);
  }

  OnGpu(Supplier<CudaReport> report, Supplier<Site> sites) {
    this.report = report;
    this.sites = sites;
  }

  @Override
  public String id() {
    return "cuda";
  }

  @Override
  public String words() {
    return "What does an NVIDIA GPU give? (MiniLM in FP16)";
  }

  /** Most machines have no GPU, and ten minutes are long. */
  @Override
  public boolean belongsTo(Effort suite) {
    return suite == Effort.FULL;
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(20, 120, 750);
  }

  /** One part after the other; one that fails costs its own figures. */
  private interface Part {
    void measure(Site site) throws Exception;
  }

  @Override
  public void ask(Effort effort, Answer answer) {
    CudaReport found = report.get();
    if (!found.isReady()) {
      answer.missing("what a GPU gives", "it is measured where there is one. " + found);
      return;
    }
    answer.note("Measured with: " + String.join("; ", found.facts()) + ".");
    try (Site site = sites.get()) {
      part("texts on a GPU", answer, site, s -> new TextRuns(s, effort, answer).measure());
      part("small runs on a GPU", answer, site, s -> new SmallRuns(s, effort, answer).measure());
      part("a GPU's memory", answer, site, s -> soak(s, effort.pick(1, 60, 600), answer));
    } catch (RuntimeException | LinkageError e) { // a library without its functions is the latter
      answer.failed("what a GPU gives", e);
    }
  }

  private static void part(String what, Answer answer, Site site, Part part) {
    Progress.say(what);
    try {
      part.measure(site);
    } catch (Exception | LinkageError e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      answer.failed(what, e);
    }
  }

  private static void soak(Site site, int seconds, Answer answer) throws Exception {
    MixedTexts.Seen seen;
    try (Session session = site.open(TextModel.MINILM.model(), Precision.FP16, 0)) {
      seen = MixedTexts.run(session, seconds, site::usedBytes);
    }
    if (seen.bytes() < 0) {
      answer.missing("growth of the GPU's memory", "NVML does not tell how much is used");
      return;
    }
    answer
        .add(
            new Table(
                "MiniLM, texts of 1 to 128 tokens, 8 threads, " + seconds + " s",
                Column.lower(GROWTH, "%"),
                Column.higher(RUNS, ""),
                Column.lower(USED, "MB")))
        .row("Hone on the GPU", Side.OURS)
        .set(GROWTH, seen.growthPercent())
        .set(RUNS, (double) seen.runs())
        .set(USED, seen.bytes() / 1e6);
    answer.figure("cuda.memory.growth", seen.growthPercent());
    answer.note(
        "The GPU's memory is watched as NVML tells it, for the whole device: the first half of the"
            + " time warms up. The suite full takes ten minutes.");
  }
}

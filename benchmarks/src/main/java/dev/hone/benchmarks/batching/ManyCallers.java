package dev.hone.benchmarks.batching;

import static dev.hone.benchmarks.batching.AgainstUnbatched.MOST_CALLERS;

import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How many requests many callers get through, with and without batches. */
public final class ManyCallers implements Question {
  private static final String TINY = "gemm-tiny";
  private static final String OFTEN_ASYNC = "gemm-medium";
  private static final String LARGE = "gemm-large";

  @Override
  public String id() {
    return "batching";
  }

  @Override
  public String words() {
    return "What do many callers gain by sharing batches?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 215, 1_030);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException {
    Lowest worst = new Lowest("batching.worst");
    Rounds rounds = new Rounds(effort, answer, new AgainstUnbatched(effort, answer, worst));
    int texts = effort.pick(8, 128, 128);
    // So many that a fifth of a second passes: in less, not all of the callers get a processor.
    rounds.gemm(TINY, effort.pick(64, 32_768, 32_768), 16, 32, 4);
    if (effort == Effort.SMOKE) {
      rounds.texts(Workload.mixedTexts(TextModel.MINILM, texts), null);
    } else {
      rounds.gemm(OFTEN_ASYNC, 16_384, 256, 512, 512, 10);
      rounds.gemm(LARGE, 512, 1024, 2048, 2048, 100);
      Path small = Workload.smallFile(TextModel.MINILM, answer);
      if (small == null) {
        worst.failed("MiniLM INT8");
      }
      rounds.texts(Workload.shortTexts(texts), small);
      rounds.texts(Workload.mixedTexts(TextModel.MINILM, texts), small);
    }
    worst.enterInto(answer);
  }

  private record Rounds(Effort effort, Answer answer, AgainstUnbatched against) {
    void gemm(String id, int requests, int... widths) {
      try (Workload workload = Workload.gemm(id, requests, widths)) {
        one(workload);
      }
    }

    void texts(Workload workload, @Nullable Path small) {
      try (workload) {
        one(workload);
        if (small != null) {
          one(workload.small(small));
        }
      }
    }

    private void one(Workload workload) {
      figures(workload, against.measure(workload, callers -> more(workload, callers)));
    }

    /**
     * In the short suite what has a figure. In the full one all, but padded batches in order of
     * arrival for many callers only: they take as long as all others together.
     */
    private List<Way> more(Workload workload, int callers) {
      boolean isFull = effort != Effort.SHORT;
      boolean areMany = callers == MOST_CALLERS || effort == Effort.SMOKE;
      List<Way> more = new ArrayList<>();
      if (areMany && (isFull || hasFifoFigure(workload))) {
        more.add(Way.FIFO);
      }
      if (isFull || (areMany && workload.id().equals(OFTEN_ASYNC))) {
        more.add(Way.HONE_ASYNC);
      }
      return more;
    }

    private void figures(Workload workload, Samples samples) {
      if (!AgainstUnbatched.isComparable(samples)) {
        return;
      }
      String tuned = AgainstUnbatched.tuned(samples);
      String figure = "batching." + workload.id();
      switch (workload.id()) {
        case OFTEN_ASYNC -> {
          answer.speed(figure + ".callers", samples, Way.HONE.words, tuned);
          answer.speed(figure + ".async", samples, Way.HONE_ASYNC.words, tuned);
        }
        case LARGE -> answer.speed(figure + ".callers", samples, Way.HONE.words, tuned);
        default -> answer.speed(figure, samples, Way.HONE.words, tuned);
      }
      if (hasFifoFigure(workload)) {
        answer.speed(figure + ".fifo", samples, Way.HONE.words, Way.FIFO.words);
      }
    }

    private static boolean hasFifoFigure(Workload workload) {
      return workload.id().startsWith("minilm.mixed");
    }
  }
}

package dev.hone.benchmarks;

import dev.hone.benchmarks.batching.BatcherCost;
import dev.hone.benchmarks.batching.FullLoad;
import dev.hone.benchmarks.batching.ManyCallers;
import dev.hone.benchmarks.batching.OtherModels;
import dev.hone.benchmarks.call.CallCost;
import dev.hone.benchmarks.cuda.OnGpu;
import dev.hone.benchmarks.endtoend.Embeddings;
import dev.hone.benchmarks.guard.Guard;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.life.Life;
import dev.hone.benchmarks.life.Soak;
import dev.hone.benchmarks.load.OpenLoopLoad;
import dev.hone.benchmarks.load.Overload;
import dev.hone.benchmarks.load.Tenants;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.monitoring.Alarms;
import dev.hone.benchmarks.monitoring.Monitoring;
import dev.hone.benchmarks.opening.Opening;
import dev.hone.benchmarks.precision.BlockPrecision;
import dev.hone.benchmarks.precision.DigitsPrecision;
import dev.hone.benchmarks.precision.LinePrecision;
import dev.hone.benchmarks.precision.MailPrecision;
import dev.hone.benchmarks.precision.TextPrecision;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.reliability.Reliability;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** All benchmarks. */
final class Questions {
  private Questions() {}

  /** All, in the order in which they are asked. */
  static List<Question> all() {
    return List.of(
        new CallCost(),
        new TextPrecision(TextModel.MINILM),
        new TextPrecision(TextModel.BGE),
        new LinePrecision(),
        new DigitsPrecision(),
        new BlockPrecision(),
        new MailPrecision(),
        new BatcherCost(),
        new ManyCallers(),
        new OtherModels(),
        new FullLoad(),
        new Embeddings(),
        new OpenLoopLoad(),
        new Overload(),
        new Tenants(),
        new Opening(),
        new Life(),
        new Soak(),
        new Reliability(),
        new Monitoring(),
        new Alarms(),
        new OnGpu());
  }

  /** What the suite guard asks, and no other: its figures are measured at length elsewhere. */
  static List<Question> guard() {
    return List.of(new Guard());
  }

  /** Those that a suite asks. */
  static List<Question> of(Effort suite) {
    return suite == Effort.GUARD
        ? guard()
        : all().stream().filter(question -> question.belongsTo(suite)).toList();
  }

  /**
   * Those that a comma-separated list names, whatever the suite.
   *
   * @throws IllegalArgumentException if a name is unknown
   */
  static List<Question> named(String list) {
    Set<Question> chosen = new LinkedHashSet<>();
    List<Question> all = new ArrayList<>(all());
    all.addAll(guard());
    for (String name : list.split(",", -1)) {
      List<Question> matching =
          all.stream().filter(question -> is(question, name.strip())).toList();
      if (matching.isEmpty()) {
        throw new IllegalArgumentException(
            "There is no benchmark '"
                + name.strip()
                + "'. -Dbench.only takes one or more of "
                + all.stream().map(Question::id).collect(Collectors.joining(", "))
                + ", separated by commas.");
      }
      chosen.addAll(matching);
    }
    return List.copyOf(chosen);
  }

  private static boolean is(Question question, String name) {
    return question.id().equals(name) || question.getClass().getSimpleName().equals(name);
  }
}

package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.benchmarks.inputs.Mails;
import dev.hone.benchmarks.inputs.Mails.Mail;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.AskedOnce;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What precision costs one who sorts texts by their vectors. */
public final class MailPrecision implements AskedOnce {
  private static final int OF_EACH = 1_000;
  private static final int NEIGHBOURS = 5;
  private static final String RIGHT = "told right";
  private static final TextModel MODEL = TextModel.MINILM;

  /** Forms whose vectors are those of FP32 but for rounding in the last places. */
  private static final Set<String> AS_FP32 = Set.of("plain", "fused", "fp16");

  @Override
  public String id() {
    return "mails";
  }

  @Override
  public String words() {
    return "What does precision cost one who sorts mails by their vectors? (SpamAssassin, MiniLM)";
  }

  /** Thousands of mails, in each form, take minutes and tell little that is not told elsewhere. */
  @Override
  public boolean belongsTo(Effort suite) {
    return suite != Effort.SHORT;
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 300, 300);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException {
    boolean smoke = effort == Effort.SMOKE;
    if (!smoke && !Mails.areThere()) {
      answer.missing("labelled mails", "they are not here. This brings them: " + Mails.INSTALL);
      return;
    }
    List<Mail> mails = smoke ? Mails.madeUp(10) : Mails.some(OF_EACH);
    List<Batch> examples = smoke ? List.of() : MODEL.examples();
    List<Variant> variants =
        TextVariants.of(MODEL, examples, smoke ? effort : Effort.FULL).stream()
            .filter(variant -> !AS_FP32.contains(variant.id()))
            .toList();
    try (OpenVariants open = new OpenVariants(variants, 1, answer)) {
      compare(open, mails, answer);
    } finally {
      examples.forEach(Batch::close);
    }
  }

  private static void compare(OpenVariants open, List<Mail> mails, Answer answer)
      throws IOException {
    List<Column> columns = new ArrayList<>(List.of(Column.higher(RIGHT, "%")));
    columns.addAll(Fidelity.COLUMNS);
    String title = mails.size() + " mails, each told by its " + NEIGHBOURS + " nearest neighbours";
    Table table = answer.add(new Table(title, columns.toArray(Column[]::new)));
    long[][] tokens = MODEL.tokens(mails.stream().map(Mail::text).toList());
    boolean[] labels = new boolean[mails.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = mails.get(i).isSpam();
    }
    float[][] reference = {};
    double base = Double.NaN;
    for (Variant variant : open.variants()) {
      Progress.say("mails, " + variant.name());
      float[][] vectors = open.vectors(MODEL, variant, tokens);
      double right = Similarities.of(vectors).percentRight(labels, NEIGHBOURS);
      Table.Row row = table.row(variant.name(), variant.side()).set(RIGHT, right);
      if (variant.isBase()) {
        reference = vectors;
        base = right;
      }
      if (reference.length > 0) {
        Fidelity.of(reference, vectors).enterInto(row);
      }
      if (variant.id().startsWith("int") && !Double.isNaN(base)) {
        answer.figure("precision.mails." + variant.id() + ".loss", base - right);
      }
    }
    answer.note(
        "Half of the mails are spam. A mail is told by what most of the five others are whose"
            + " vectors have the greatest cosine with its own; it is cut at "
            + TextModel.CUT
            + " tokens. One mail of these is "
            + 100.0 / mails.size()
            + " points.");
  }
}

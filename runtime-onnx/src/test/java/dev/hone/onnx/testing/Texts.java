package dev.hone.onnx.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Sentences of very different length, always the same ones. */
public final class Texts {
  private static final String[] SUBJECTS = {
    "The harbour master", "A patient engineer", "My neighbour's cat", "The night train", "Nobody",
    "An old tokenizer", "The committee", "Every second reader", "The café's owner", "She"
  };
  private static final String[] VERBS = {
    "remembers", "quietly repairs", "refused to sell", "photographs", "cannot explain",
    "has measured", "translates", "keeps", "paints over", "compared"
  };
  private static final String[] OBJECTS = {
    "the tide tables of 1987",
    "three broken clocks",
    "a recipe for plum jam",
    "the half-precision weights",
    "an unanswered letter",
    "Zürich's longest tram line",
    "42 kilometres of cable",
    "the error message",
    "her grandmother's radio",
    "nothing at all"
  };
  private static final String[] ENDINGS = {
    ".",
    " before breakfast.",
    "; the rain did not stop.",
    ", or so they say!",
    " - and then some?",
    " (see chapter 7).",
    " while everybody else was asleep in the other room."
  };

  private Texts() {}

  /** This many texts of one to six clauses. */
  public static List<String> make(int count) {
    Random random = new Random(20_261_124);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder(sentence(random));
      for (int more = random.nextInt(6); more > 0; more--) {
        text.append(' ').append(sentence(random));
      }
      texts.add(text.toString());
    }
    return texts;
  }

  private static String sentence(Random random) {
    return pick(random, SUBJECTS)
        + " "
        + pick(random, VERBS)
        + " "
        + pick(random, OBJECTS)
        + pick(random, ENDINGS);
  }

  private static String pick(Random random, String[] from) {
    return from[random.nextInt(from.length)];
  }
}

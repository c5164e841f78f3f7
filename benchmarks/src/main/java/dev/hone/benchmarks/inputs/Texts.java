package dev.hone.benchmarks.inputs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Short texts of very mixed length: the fortunes of Debian's {@code fortunes}, where they are
 * installed, and else made-up ones of much the same lengths (half of them up to 20 words, one in
 * twenty over 110).
 */
public final class Texts {
  private static final Path FORTUNES = Path.of("/usr/share/games/fortunes");
  private static final int LONGEST = 2_000;
  private static final double MEDIAN_WORDS = 20;
  private static final double SPREAD = 1.03;

  private static final String[] WORDS =
      """
      time year people way day man thing woman life child world school state family student group \
      country problem hand part place case week company system program question work government \
      number night point home water room mother area money story fact month lot right study book \
      eye job word business issue side kind head house service friend father power hour game line \
      end member law car city community name president team minute idea kid body information back \
      parent face others level office door health person art war history party result change \
      morning reason research girl guy moment air teacher force education foot boy age policy \
      process music market sense nation plan college interest death experience effect use class \
      the of and to in is that for it as was with be by on not he his but at are this have from or \
      had an they which one you were all her she there would their we him been has when who will \
      no more if out so up said what its about than into them can only other time new some could \
      these two may first then do any like my now over such our even most made after also did many\
      """
          .split(" ");

  private Texts() {}

  /** Where they come from, in a reader's words. */
  public static String source() {
    return Files.isDirectory(FORTUNES)
        ? "The texts are fortunes, as Debian's package of that name has them."
        : "The texts are made up: the package fortunes is not installed here.";
  }

  /** So many texts, no two alike, the same ones for the same seed. */
  public static List<String> mixed(int count, long seed) {
    List<String> texts = new ArrayList<>(Files.isDirectory(FORTUNES) ? fortunes() : List.of());
    Random random = new Random(seed);
    Collections.shuffle(texts, random);
    while (texts.size() < count) {
      texts.add(madeUp(random));
    }
    return List.copyOf(texts.subList(0, count));
  }

  /** One of some 190 common English words. */
  static String word(Random random) {
    return WORDS[random.nextInt(WORDS.length)];
  }

  private static String madeUp(Random random) {
    int length = (int) Math.round(MEDIAN_WORDS * Math.exp(SPREAD * random.nextGaussian()));
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Math.max(2, Math.min(length, LONGEST / 6)); i++) {
      text.append(i == 0 ? "" : " ").append(word(random));
    }
    return text.append('.').toString();
  }

  private static Set<String> fortunes() {
    Set<String> texts = new LinkedHashSet<>();
    try (Stream<Path> files = Files.list(FORTUNES)) {
      for (Path file : files.filter(Texts::isText).sorted().toList()) {
        String all = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        for (String text : all.split("\n%\n?", -1)) {
          String line = text.strip().replaceAll("\\s+", " ");
          if (line.length() > 1 && line.length() < LONGEST) {
            texts.add(line);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return texts;
  }

  private static boolean isText(Path file) {
    return Files.isRegularFile(file)
        && !Files.isSymbolicLink(file)
        && !file.getFileName().toString().contains(".");
  }
}

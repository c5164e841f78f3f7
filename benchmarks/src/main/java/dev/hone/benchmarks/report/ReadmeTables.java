package dev.hone.benchmarks.report;

import dev.hone.benchmarks.ledger.Entry;
import dev.hone.benchmarks.ledger.Figures;
import dev.hone.benchmarks.ledger.Ledger;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes the ledger's figures into a Markdown file, between markers:
 *
 * <pre>{@code
 * <!-- figures: run -->
 * (everything here is replaced)
 * <!-- /figures -->
 * }</pre>
 *
 * <p>The word after the colon is an area of the list of figures. Where not all of them are of the
 * same run, each tells of which it is.
 */
public final class ReadmeTables {
  private static final Pattern BLOCK =
      Pattern.compile("(<!-- figures: ([a-z]+) -->\n).*?(<!-- /figures -->)", Pattern.DOTALL);

  private ReadmeTables() {}

  /**
   * The text with its tables renewed.
   *
   * @throws IllegalArgumentException if a marker names an area that is not in the list
   */
  public static String renew(String markdown, Ledger ledger) {
    return BLOCK
        .matcher(markdown)
        .replaceAll(
            match ->
                Matcher.quoteReplacement(
                    match.group(1) + table(ledger, match.group(2)) + match.group(3)));
  }

  private static String table(Ledger ledger, String area) {
    if (!Figures.areas().containsKey(area)) {
      throw new IllegalArgumentException(
          "A marker names the figures '"
              + area
              + "', but the list has "
              + Figures.areas().keySet()
              + ".");
    }
    List<Entry> entries = ledger.measured(area);
    if (entries.isEmpty()) {
      return "Not measured yet.\n";
    }
    return Markdown.grid(Report.figures(entries)) + "\n" + Report.sources(entries) + "\n";
  }
}

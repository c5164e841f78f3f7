package dev.hone.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SemanticSearchTest {
  private static SemanticSearch search;

  @BeforeAll
  static void open() throws IOException {
    search = SemanticSearch.open();
  }

  @AfterAll
  static void close() {
    search.close();
  }

  @Test
  void aQuestionFindsItsAnswerWithoutSharingItsWords() {
    assertThat(nearest("why does dough get bigger", sentences()))
        .isEqualTo("Bread rises because yeast makes bubbles of gas in the dough.");
    assertThat(nearest("an animal with more than one heart", sentences()))
        .isEqualTo("Octopuses have three hearts and blue blood.");
  }

  @Test
  void aTextHasTheSameVectorAloneAndPaddedInABatch() {
    String text = "The best camera is the one you have with you.";
    float[] alone = search.embed(List.of(text))[0];
    String longer = text + " " + String.join(" ", sentences().subList(0, 5));
    float[] padded = search.embed(List.of(longer, text))[1];
    assertThat(SemanticSearch.dot(alone, alone)).isCloseTo(1, within(1e-5));
    assertThat(SemanticSearch.dot(alone, padded)).isCloseTo(1, within(1e-5));
  }

  @Test
  void thereAreThreeHundredSentencesAndNoneTwice() {
    assertThat(sentences()).hasSize(300).doesNotHaveDuplicates();
  }

  private static List<String> sentences() {
    try {
      return SemanticSearch.sentences();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Among a sample, which keeps the test short. */
  private static String nearest(String query, List<String> sentences) {
    List<String> sample = IntStream.range(0, 60).mapToObj(sentences::get).toList();
    float[] wanted = search.embed(List.of(query))[0];
    float[][] vectors = search.embed(sample);
    return IntStream.range(0, sample.size())
        .boxed()
        .max(Comparator.comparingDouble(i -> SemanticSearch.dot(vectors[i], wanted)))
        .map(sample::get)
        .orElseThrow();
  }
}

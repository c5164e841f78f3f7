package dev.hone.onnx.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void whatIsWrittenIsReadBack() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("text", "a \"quoted\"\\ line\n\tand \u2028 \u0001 é 😀");
    value.put("number", 1.5e-7);
    value.put("list", Arrays.asList(true, false, null, List.of(), Map.of()));
    String json = Json.write(value);
    assertThat(json).startsWith("{\n  \"text\": \"a \\\"quoted\\\"\\\\ line\\n\\tand \\u2028");
    assertThat(Json.read(json)).isEqualTo(value);
  }

  @Test
  void whatIsNoNumberIsNull() {
    assertThat(Json.write(List.of(Double.NaN, Double.POSITIVE_INFINITY, 3)))
        .isEqualTo("[\n  null,\n  null,\n  3\n]\n");
  }

  @Test
  void otherWritersMayEscapeDifferently() {
    assertThat(Json.read(" \"\\/\\b\\f\\r\\u00e9\" ")).isEqualTo("/\b\f\ré");
    assertThat(Json.read("[1,-2.5E+3 , 0]")).isEqualTo(List.of(1.0, -2500.0, 0.0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1,]",
        "{\"a\" 1}",
        "nul",
        "\"\\x\"",
        "\"\\u12",
        "1 2",
        "\"open",
        "--1",
        "+1",
        "01",
        "1.",
        ".5",
        "1e",
        "-"
      })
  void whatIsNoJsonIsRefused(String text) {
    assertThatThrownBy(() -> Json.read(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("The text is no JSON: at character ");
  }

  @Test
  void depthIsLimited() {
    assertThatThrownBy(() -> Json.read("[".repeat(100_000)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

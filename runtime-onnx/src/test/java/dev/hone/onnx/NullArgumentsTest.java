package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Null is refused where it is given, with what it stands for, and not later, by whoever meets it.
 */
@NullUnmarked
class NullArgumentsTest {
  static Stream<Method> setters() {
    return Stream.of(Quantization.Builder.class, OnnxOptions.Builder.class)
        .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
        .filter(
            method -> Modifier.isPublic(method.getModifiers()) && method.getParameterCount() > 0)
        .filter(method -> Stream.of(method.getParameterTypes()).noneMatch(Class::isPrimitive));
  }

  @Test
  void thereAreSuchSetters() {
    assertThat(setters()).hasSizeGreaterThan(9);
  }

  @ParameterizedTest
  @MethodSource("setters")
  void aSetterNamesTheOption(Method setter) throws ReflectiveOperationException {
    boolean quantization = setter.getDeclaringClass() == Quantization.Builder.class;
    Object builder = quantization ? Quantization.builder() : OnnxOptions.builder();
    try {
      setter.invoke(builder, new Object[setter.getParameterCount()]);
    } catch (InvocationTargetException e) {
      assertThat(e.getCause())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("option " + setter.getName())
          .hasMessageContaining("must not be null. Leave the call out");
      return;
    }
    throw new AssertionError(setter + " takes null");
  }

  @Test
  void aPatternOrValueInsideIsNamedToo() {
    refuses("option exclude", () -> Quantization.builder().exclude("a", null));
    refuses("option config", () -> OnnxOptions.builder().config("session.intra_op", null));
    refuses("option quantization", () -> OnnxOptions.of(null));
  }

  @Test
  void functionsNameWhatIsMissing() {
    Model model = TwoLayers.inMemory();
    SessionOptions int8 = SessionOptions.of(Precision.INT8);
    refuses("model to quantize", () -> Quantizer.quantize(null, int8));
    refuses("options to quantize by", () -> Quantizer.quantize(model, null));
    refuses("model to change", () -> ImageInput.of(null, "x", new float[] {0}, new float[] {1}));
    refuses("model to change", () -> EmbeddingOutput.of(null, "x", "y"));
    refuses("report as JSON", () -> QuantizationReport.fromJson(null));
    refuses("file to save a model to", () -> model.save(null));
  }

  private static void refuses(String what, ThrowingCallable call) {
    assertThatThrownBy(call)
        .as(what)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("The " + what + " must not be null.");
  }

  @Test
  void aReportThatIsGivenIsStillRead() {
    assertThatThrownBy(() -> QuantizationReport.fromJson("{}"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(OnnxOptions.builder().profile(Path.of("p")).build().profile()).isPresent();
    assertThat(List.of(Quantization.builder().exclude("a").build().excluded())).hasSize(1);
  }
}

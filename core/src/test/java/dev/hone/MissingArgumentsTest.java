package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.contract.NoLeaks;
import dev.hone.fake.FakeModel;
import dev.hone.memory.Memory;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Distribution;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionMetrics;
import dev.hone.metrics.SessionStats;
import dev.hone.shadow.Comparison;
import dev.hone.shadow.Shadow;
import dev.hone.shadow.ShadowMetrics;
import dev.hone.shadow.ShadowPolicy;
import dev.hone.shadow.ShadowReference;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Callers in plain Java may give null anywhere. Each argument of what applications call is left out
 * once: who did so is told which, in words, and not by the machine where it stumbled.
 */
@ExtendWith(NoLeaks.class)
class MissingArgumentsTest {
  private static final List<Class<?>> CALLED =
      List.of(
          Batch.class,
          Batcher.class,
          BatchPolicy.Builder.class,
          Cancellation.class,
          Capacity.class,
          Device.class,
          Distribution.class,
          Memory.class,
          Model.class,
          ModelSource.class,
          ModelSource.OfBytes.class,
          ModelSource.OfFile.class,
          Recorder.class,
          RunOptions.class,
          Session.class,
          SessionMetrics.class,
          SessionOptions.class,
          SessionOptions.Builder.class,
          SessionStats.class,
          Shadow.class,
          ShadowMetrics.class,
          ShadowPolicy.Builder.class,
          ShadowReference.class,
          Shape.class,
          Signature.class,
          Signature.Dimension.class,
          Signature.Value.class,
          Tensor.class);

  /**
   * What takes null for a name that is nowhere, is called by runtimes, or is another's business.
   */
  private static final Set<String> OTHERS =
      Set.of(
          "equals",
          "indexOf",
          "input",
          "output",
          "elementName",
          "copyHeld",
          "count",
          "stage",
          "bindTo",
          "SessionStats");

  private final Tensor tensor = Tensor.of(new float[] {1});
  private final Batch batch = Batch.of("x", tensor);
  private final Map<Class<?>, Object> samples = new HashMap<>();

  MissingArgumentsTest() {
    Signature.Value value =
        Signature.Value.tensor("x", DataType.FLOAT32, Signature.Dimension.of("rows"));
    Signature signature = new Signature(List.of(value), List.of(value));
    for (Object sample :
        List.of(
            batch,
            tensor,
            tensor.memory(),
            value,
            BatchPolicy.builder(),
            BatchPolicy.automatic(),
            Capacity.of(1),
            Comparison.COSINE,
            DataType.FLOAT32,
            Device.cpu(),
            Distribution.EMPTY,
            Duration.ofSeconds(1),
            new Cancellation(),
            Precision.FP32,
            RunOptions.DEFAULT,
            SessionOptions.DEFAULT,
            SessionOptions.builder(),
            SessionStats.EMPTY,
            ShadowPolicy.DEFAULT,
            ShadowPolicy.builder(),
            Shape.of(1),
            signature,
            "x",
            String.class)) {
      samples.put(sample.getClass(), sample);
    }
    samples.put(ByteBuffer.class, ByteBuffer.allocateDirect(64));
    samples.put(Path.class, Path.of("nowhere", "file"));
    samples.put(List.class, List.of());
    samples.put(Iterable.class, List.of());
    samples.put(Map.class, Map.of());
    samples.put(RunOptions.Priority.class, RunOptions.Priority.STANDARD);
    Model model = FakeModel.of(signature, in -> Batch.of("x", Tensor.of(new float[] {1})));
    samples.put(Model.class, model);
    try (Session session = Session.open(model)) {
      List<Batch> twenty = Collections.nCopies(20, batch);
      samples.put(ShadowReference.class, ShadowReference.measure(session, session, twenty));
    }
    samples.put(ModelSource.class, ModelSource.of(new byte[1]));
    samples.put(Signature.Kind.class, Signature.Kind.TENSOR);
    samples.put(Device.Kind.class, Device.Kind.CPU);
  }

  @AfterEach
  void close() {
    batch.close();
  }

  private Object sample(Class<?> type) {
    Object known = samples.get(type);
    if (known != null) {
      return known;
    }
    if (type.isArray()) {
      return Array.newInstance(type.getComponentType(), 0);
    }
    if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    if (type == boolean.class) {
      return false;
    }
    if (type == float.class) {
      return 0f;
    }
    if (type == double.class) {
      return 0.5;
    }
    if (type.isPrimitive()) {
      return type == long.class ? (Object) 1L : (Object) 1;
    }
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (self, method, given) -> {
          throw new UnsupportedOperationException("nobody asks it: " + method);
        });
  }

  private static Stream<Executable> executables(Class<?> type) {
    boolean made = !type.isInterface() && !Modifier.isAbstract(type.getModifiers());
    Stream<Constructor<?>> constructors = made ? Stream.of(type.getConstructors()) : Stream.empty();
    Stream<Method> methods =
        Stream.of(type.getDeclaredMethods())
            .filter(m -> Modifier.isPublic(m.getModifiers()) && !m.isSynthetic());
    return Stream.concat(constructors, methods);
  }

  /** Calls it with one argument left out, and says what came of it if that is not well told. */
  private @Nullable String complaint(Executable called, int missing) {
    @Nullable Object[] arguments =
        Stream.of(called.getParameterTypes()).map(this::sample).toArray();
    arguments[missing] = null;
    String what = called.getDeclaringClass().getSimpleName() + "." + called + ", " + missing;
    try {
      if (called instanceof Constructor<?> constructor) {
        return what + " made " + constructor.newInstance(arguments);
      }
      Method method = (Method) called;
      boolean isStatic = Modifier.isStatic(method.getModifiers());
      Object target = isStatic ? null : sample(method.getDeclaringClass());
      return what + " gave " + method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      Throwable thrown = Objects.requireNonNull(e.getCause());
      String message = String.valueOf(thrown.getMessage());
      boolean isTold =
          (thrown instanceof IllegalArgumentException || thrown instanceof NullPointerException)
              && !message.equals("null")
              && !message.startsWith("Cannot ");
      return isTold ? null : what + " throws " + thrown;
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(what, e);
    }
  }

  @Test
  void whoLeavesAnArgumentOutIsToldWhich() {
    List<String> complaints = new ArrayList<>();
    int asked = 0;
    for (Class<?> type : CALLED) {
      for (Executable called : executables(type).toList()) {
        AnnotatedType[] types = called.getAnnotatedParameterTypes();
        String name = called instanceof Constructor ? type.getSimpleName() : called.getName();
        boolean isInstance = called instanceof Method && !Modifier.isStatic(called.getModifiers());
        boolean isOther = OTHERS.contains(name) || (isInstance && !samples.containsKey(type));
        Parameter[] parameters = called.getParameters();
        for (int i = 0; !isOther && i < parameters.length; i++) {
          boolean may =
              types[i].isAnnotationPresent(Nullable.class) || parameters[i].getType().isPrimitive();
          String complaint = may ? null : complaint(called, i);
          asked += may ? 0 : 1;
          if (complaint != null) {
            complaints.add(complaint);
          }
        }
      }
    }
    assertThat(complaints).isEmpty();
    assertThat(asked).isGreaterThan(80);
  }
}

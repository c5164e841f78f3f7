package dev.hone.onnx.graph;

import dev.hone.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;

/** Moves weights out of a model's file and into it. */
final class ExternalData {
  private static final long ALIGNMENT = 4096; // a page, so that each weight can be mapped alone
  private static final int WINDOW_BYTES = 1 << 24;

  private ExternalData() {}

  /** The bytes of all tensors of a model. */
  static long totalBytes(ModelData model) {
    return sumBytes(model, tensor -> true);
  }

  /** The bytes of the tensors that lie beside a model. */
  static long externalBytes(ModelData model) {
    return sumBytes(model, TensorData::isExternal);
  }

  private static long sumBytes(ModelData model, Predicate<TensorData> counts) {
    long[] total = {0};
    replaceTensors(
        model.copy().graph(),
        tensor -> {
          total[0] += counts.test(tensor) ? tensor.byteSize() : 0;
          return tensor;
        });
    return total[0];
  }

  /** The files that hold weights of the model. */
  static Set<Path> files(ModelData model) {
    Set<Path> files = new TreeSet<>();
    addFiles(model.graph(), files);
    return files;
  }

  private static void addFiles(Graph graph, Set<Path> files) {
    graph.initializers().forEach(weight -> addFile(weight, files));
    for (Node node : graph.nodes()) {
      for (Attribute attribute : node.attributes()) {
        attribute.tensors().forEach(tensor -> addFile(tensor, files));
        attribute.graphs().forEach(subgraph -> addFiles(subgraph, files));
      }
    }
  }

  private static void addFile(TensorData tensor, Set<Path> files) {
    Path file = tensor.storage() instanceof ExternalBytes external ? external.file() : null;
    if (file != null) {
      files.add(file);
    }
  }

  /** The model with its external tensors in it; the model itself if there are none. */
  static ModelData inlined(ModelData model) {
    ModelData copy = model.copy();
    boolean[] any = {false};
    replaceTensors(
        copy.graph(),
        tensor -> {
          if (!tensor.isExternal()) {
            return tensor;
          }
          any[0] = true;
          return tensor.withStorage(new Storage.Inline(tensor.bytes()));
        });
    return any[0] ? copy : model;
  }

  private static void replaceTensors(Graph graph, UnaryOperator<TensorData> change) {
    for (TensorData weight : List.copyOf(graph.initializers())) {
      TensorData changed = change.apply(weight);
      if (changed != weight) {
        graph.putInitializer(changed);
      }
    }
    for (Node node : graph.nodes()) {
      for (Attribute attribute : node.attributes()) {
        if (attribute.kind() == Attribute.Kind.TENSOR) {
          TensorData changed = change.apply(attribute.asTensor());
          if (changed != attribute.asTensor()) {
            node.put(Attribute.of(attribute.name(), changed));
          }
        }
      }
      node.subgraphs().forEach(subgraph -> replaceTensors(subgraph, change));
    }
  }

  /** The model with its larger initializers in a new file beside {@code path}. */
  static ModelData moved(ModelData model, Path path, long leastBytes) {
    ModelData copy = inlinedAttributes(model);
    List<TensorData> moved = new ArrayList<>();
    collect(copy.graph(), leastBytes, moved);
    String fileName = path.getFileName() + "." + checksum(moved) + ".data";
    Path file = path.toAbsolutePath().resolveSibling(fileName);
    if (!moved.isEmpty() && !holds(file, moved)) {
      WholeFile.write(file, ModelFiles.MODEL, channel -> writeAll(channel, moved));
    }
    long[] offset = {0};
    relocate(copy.graph(), leastBytes, fileName, file, offset);
    return copy;
  }

  /** Only initializers may be external for every runtime. */
  private static ModelData inlinedAttributes(ModelData model) {
    ModelData copy = model.copy();
    List<TensorData> weights = new ArrayList<>();
    collect(copy.graph(), 0, weights);
    replaceTensors(
        copy.graph(),
        tensor ->
            tensor.isExternal() && !weights.contains(tensor)
                ? tensor.withStorage(new Storage.Inline(tensor.bytes()))
                : tensor);
    return copy;
  }

  private static boolean moves(TensorData weight, long leastBytes) {
    boolean texts = weight.storage() instanceof Storage.Strings;
    return !texts && (weight.byteSize() >= leastBytes || weight.isExternal());
  }

  private static void collect(Graph graph, long leastBytes, List<TensorData> moved) {
    graph.initializers().stream().filter(w -> moves(w, leastBytes)).forEach(moved::add);
    for (Node node : graph.nodes()) {
      node.subgraphs().forEach(subgraph -> collect(subgraph, leastBytes, moved));
    }
  }

  private static void relocate(
      Graph graph, long leastBytes, String fileName, Path file, long[] offset) {
    for (TensorData weight : List.copyOf(graph.initializers())) {
      if (moves(weight, leastBytes)) {
        graph.putInitializer(
            weight.withStorage(place(fileName, file, offset[0], weight.byteSize())));
        offset[0] = aligned(offset[0] + weight.byteSize());
      }
    }
    for (Node node : graph.nodes()) {
      node.subgraphs().forEach(s -> relocate(s, leastBytes, fileName, file, offset));
    }
  }

  private static ExternalBytes place(String fileName, Path file, long offset, long byteSize) {
    Map<String, String> entries =
        Map.of(
            "location", fileName,
            "offset", Long.toString(offset),
            "length", Long.toString(byteSize));
    WireWriter fields = new WireWriter();
    for (String key : List.of("location", "offset", "length")) {
      fields.message(
          ExternalBytes.EXTERNAL_DATA, StringPairs.encode(key, entries.getOrDefault(key, "")));
    }
    fields.varint(ExternalBytes.DATA_LOCATION, 1);
    List<RawField> raw = new ArrayList<>();
    WireReader reader = WireReader.of(fields.toBuffer());
    while (reader.next()) {
      raw.add(reader.raw());
    }
    return new ExternalBytes(
        new ExternalBytes.Location(fileName, offset, byteSize), file, byteSize, raw);
  }

  private static long aligned(long offset) {
    return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Whether a file is there with just these bytes: its name alone may be that of damage. */
  private static boolean holds(Path file, List<TensorData> tensors) {
    try (FileChannel channel = FileChannel.open(file)) {
      long offset = 0;
      long end = 0;
      for (TensorData tensor : tensors) {
        long at = offset;
        for (ByteBuffer window : windows(tensor)) {
          if (!window.equals(read(channel, at, window.remaining()))) {
            return false;
          }
          at += window.remaining();
        }
        end = at > offset ? at : end;
        offset = aligned(at);
      }
      return channel.size() == end;
    } catch (IOException e) {
      return false; // not there, or nothing that can be read: writing tells what is in the way
    }
  }

  private static ByteBuffer read(FileChannel channel, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    int count = 0;
    while (bytes.hasRemaining() && count >= 0) {
      count = channel.read(bytes, offset + bytes.position());
    }
    return bytes.flip();
  }

  private static void writeAll(FileChannel channel, List<TensorData> tensors) throws IOException {
    long offset = 0;
    for (TensorData tensor : tensors) {
      channel.position(offset);
      for (ByteBuffer window : windows(tensor)) {
        ModelFiles.writeAll(channel, List.of(window));
      }
      offset = aligned(offset + tensor.byteSize());
    }
  }

  private static String checksum(List<TensorData> tensors) {
    CRC32C checksum = new CRC32C();
    for (TensorData tensor : tensors) {
      windows(tensor).forEach(checksum::update);
      checksum.update(ByteBuffer.allocate(Long.BYTES).putLong(0, tensor.byteSize()));
    }
    return String.format(Locale.ROOT, "%08x", checksum.getValue());
  }

  /** A tensor's bytes in views of moderate size, made one at a time. */
  private static Iterable<ByteBuffer> windows(TensorData tensor) {
    long count = (tensor.byteSize() + WINDOW_BYTES - 1) / WINDOW_BYTES;
    return () ->
        LongStream.range(0, count)
            .mapToObj(
                i -> {
                  long start = i * WINDOW_BYTES;
                  long length = Math.min(WINDOW_BYTES, tensor.byteSize() - start);
                  return tensor.bytes(start, (int) length);
                })
            .iterator();
  }
}

package dev.hone.cuda.probe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code ldconfig} wrote down: {@code /etc/ld.so.cache}, where glibc's loader looks libraries
 * up by name, and the folders of {@code /etc/ld.so.conf}, from which it was made. The layout is
 * that of glibc 2.2 and later, behind the older one where both are in the file.
 */
final class LoaderCache {
  private static final String FILE = "/etc/ld.so.cache";
  private static final String MAGIC = "glibc-ld.so.cache1.1";
  private static final String OLD_MAGIC = "ld.so-1.7.0";
  private static final int HEADER_BYTES = 48;
  private static final int ENTRY_BYTES = 24;
  private static final int MAX_INCLUDES = 8;

  private final Map<String, List<String>> paths;

  private LoaderCache(Map<String, List<String>> paths) {
    this.paths = paths;
  }

  /** The cache of a machine; empty if there is none, or it is damaged: then glibc has none, too. */
  static LoaderCache read(HostFiles files, int machine) {
    Map<String, List<String>> paths = new LinkedHashMap<>();
    if (files.isReadable(FILE)) {
      try {
        parse(Files.readAllBytes(files.path(FILE)), flags(machine), paths);
      } catch (IOException | IndexOutOfBoundsException e) {
        paths.clear();
      }
    }
    return new LoaderCache(paths);
  }

  /** The loader's mark for libraries of one processor. */
  private static int flags(int machine) {
    return machine == ElfFile.AARCH64 ? 0x0a03 : 0x0303;
  }

  private static void parse(byte[] bytes, int flags, Map<String, List<String>> paths) {
    int start = start(bytes);
    if (start < 0) {
      return;
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int count = buffer.getInt(start + 20);
    for (int i = 0; i < count; i++) {
      int entry = start + HEADER_BYTES + i * ENTRY_BYTES;
      if ((buffer.getInt(entry) & 0xffff) == flags) {
        String name = string(bytes, start + buffer.getInt(entry + 4));
        String path = string(bytes, start + buffer.getInt(entry + 8));
        paths.computeIfAbsent(name, key -> new ArrayList<>()).add(path);
      }
    }
  }

  private static int start(byte[] bytes) {
    if (startsWith(bytes, 0, MAGIC)) {
      return 0;
    }
    if (!startsWith(bytes, 0, OLD_MAGIC)) {
      return -1;
    }
    int count = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(12);
    int start = (16 + 12 * count + 7) & -8;
    return startsWith(bytes, start, MAGIC) ? start : -1;
  }

  private static boolean startsWith(byte[] bytes, int at, String text) {
    return at >= 0
        && bytes.length >= at + text.length()
        && new String(bytes, at, text.length(), StandardCharsets.ISO_8859_1).equals(text);
  }

  private static String string(byte[] bytes, int at) {
    int end = at;
    while (bytes[end] != 0) {
      end++;
    }
    return new String(bytes, at, end - at, StandardCharsets.UTF_8);
  }

  /** Where the loader finds a library by its name, best first. */
  List<String> paths(String soname) {
    return paths.getOrDefault(soname, List.of());
  }

  /** The folders that hold anything the cache knows. */
  Set<String> folders() {
    Set<String> folders = new LinkedHashSet<>();
    paths.values().forEach(all -> all.forEach(path -> folders.add(folderOf(path))));
    return folders;
  }

  private static String folderOf(String path) {
    return path.substring(0, Math.max(1, path.lastIndexOf('/')));
  }

  /**
   * The folders that {@code /etc/ld.so.conf} names: those that the next ldconfig will look into.
   */
  static List<String> configuredFolders(HostFiles files) {
    Set<String> folders = new LinkedHashSet<>();
    readConfiguration(files, "/etc/ld.so.conf", folders, 0);
    return List.copyOf(folders);
  }

  private static void readConfiguration(
      HostFiles files, String file, Set<String> folders, int depth) {
    Optional<String> text = files.text(file);
    if (text.isEmpty() || depth > MAX_INCLUDES) {
      return;
    }
    for (String line : text.get().split("\n", -1)) {
      String entry = line.replaceFirst("#.*", "").strip();
      if (entry.startsWith("include ")) {
        String pattern = entry.substring("include ".length()).strip();
        String absolute = pattern.startsWith("/") ? pattern : "/etc/" + pattern;
        included(files, absolute)
            .forEach(other -> readConfiguration(files, other, folders, depth + 1));
      } else if (entry.startsWith("/")) {
        folders.add(entry);
      }
    }
  }

  /** Of a pattern, the star in the last part is what systems use. */
  private static List<String> included(HostFiles files, String pattern) {
    String folder = folderOf(pattern);
    String[] parts = pattern.substring(pattern.lastIndexOf('/') + 1).split("\\*", -1);
    if (parts.length != 2) {
      return parts.length == 1 ? List.of(pattern) : List.of();
    }
    return files.names(folder).stream()
        .filter(name -> name.startsWith(parts[0]) && name.endsWith(parts[1]))
        .map(name -> folder + "/" + name)
        .toList();
  }
}

package dev.hone.cuda.probe;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** A cache as ldconfig writes it, for libraries at these paths. */
public final class FakeCache {
  private static final int X86_64 = 0x0303;

  private FakeCache() {}

  /** In glibc's present layout. */
  public static byte[] of(List<String> paths) {
    return of(paths, X86_64);
  }

  static byte[] of(List<String> paths, int flags) {
    ByteArrayOutputStream strings = new ByteArrayOutputStream();
    int table = 48 + 24 * paths.size();
    ByteBuffer head = ByteBuffer.allocate(table).order(ByteOrder.LITTLE_ENDIAN);
    head.put("glibc-ld.so.cache1.1".getBytes(StandardCharsets.US_ASCII));
    head.putInt(paths.size());
    for (int i = 0; i < paths.size(); i++) {
      String path = paths.get(i);
      head.putInt(48 + 24 * i, flags);
      head.putInt(52 + 24 * i, table + strings.size());
      add(strings, path.substring(path.lastIndexOf('/') + 1));
      head.putInt(56 + 24 * i, table + strings.size());
      add(strings, path);
    }
    byte[] all = Arrays.copyOf(head.array(), table + strings.size());
    System.arraycopy(strings.toByteArray(), 0, all, table, strings.size());
    return all;
  }

  /** With the old layout, empty, before it, as older systems have it. */
  static byte[] behindTheOldOne(List<String> paths) {
    byte[] present = of(paths, X86_64);
    byte[] all = new byte[16 + present.length];
    byte[] magic = "ld.so-1.7.0".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(magic, 0, all, 0, magic.length);
    System.arraycopy(present, 0, all, 16, present.length);
    return all;
  }

  private static void add(ByteArrayOutputStream strings, String text) {
    strings.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    strings.write(0);
  }
}

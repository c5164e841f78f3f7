package dev.hone.batching;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Tenants in the order of a number that each has; of equal ones the one that was added first comes
 * first. A binary heap in which each knows its place: whatever is done takes as many steps at most
 * as the logarithm of how many there are. Not thread-safe.
 */
final class Ranking {
  /** One tenant's place in one ranking. */
  static final class Entry {
    final TenantQueue tenant;
    private double number;
    private long added; // how many were before it
    private int place;

    Entry(TenantQueue tenant) {
      this.tenant = tenant;
    }

    double number() {
      return number;
    }

    private boolean isBefore(Entry other) {
      return number < other.number || (number == other.number && added < other.added);
    }
  }

  private @Nullable Entry[] heap = new Entry[4];
  private int size;
  private long added;
  private long steps;

  int size() {
    return size;
  }

  /** The entry with the least number, or null if there is none. */
  @Nullable Entry first() {
    return heap[0];
  }

  void add(Entry entry, double number) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, 2 * size);
    }
    entry.number = number;
    entry.added = added++;
    size++;
    rise(entry, size - 1);
  }

  void remove(Entry entry) {
    size--;
    Entry last = at(size);
    heap[size] = null;
    if (last != entry) {
      put(last, entry.place);
    }
  }

  /** Gives an entry of this ranking another number. */
  void move(Entry entry, double number) {
    entry.number = number;
    put(entry, entry.place);
  }

  /** How many entries others were compared with so far; for tests. */
  long steps() {
    return steps;
  }

  private void put(Entry entry, int place) {
    if (place > 0 && entry.isBefore(at((place - 1) / 2))) {
      rise(entry, place);
    } else {
      sink(entry, place);
    }
  }

  private void rise(Entry entry, int from) {
    int place = from;
    while (place > 0) {
      Entry parent = at((place - 1) / 2);
      steps++;
      if (!entry.isBefore(parent)) {
        break;
      }
      set(place, parent);
      place = (place - 1) / 2;
    }
    set(place, entry);
  }

  private void sink(Entry entry, int from) {
    int place = from;
    while (2 * place + 1 < size) {
      int child = 2 * place + 1;
      if (child + 1 < size && at(child + 1).isBefore(at(child))) {
        child++;
      }
      steps++;
      if (!at(child).isBefore(entry)) {
        break;
      }
      set(place, at(child));
      place = child;
    }
    set(place, entry);
  }

  private void set(int place, Entry entry) {
    heap[place] = entry;
    entry.place = place;
  }

  private Entry at(int place) {
    Entry entry = heap[place];
    if (entry == null) {
      throw new AssertionError("a ranking has no gaps");
    }
    return entry;
  }
}

package dev.hone.cuda.probe;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Looks libraries up as glibc's loader would, and all that they need, without loading any.
 *
 * <p>The order is that of {@code ld.so(8)}: DT_RPATH of the library that asks and of those that
 * asked for it (unless it has a DT_RUNPATH), {@code LD_LIBRARY_PATH}, its DT_RUNPATH, the cache of
 * ldconfig, the default folders. A library for another processor, or of 32 bits, and a file that
 * may not be read are passed over; a file that is no library ends the search for its name. Before
 * all that comes what JavaCPP finds on the class path and loads by itself.
 *
 * <p>For one look at a machine: what its folders hold is read once. By one thread.
 */
public final class LibrarySearch {
  private static final String CLASS_PATH = "the class path";

  private final HostFiles files;
  private final int machine;
  private final List<String> environmentFolders;
  private final Predicate<String> onClassPath;
  private final LoaderCache cache;
  private final Map<String, List<String>> listings = new HashMap<>();
  private @Nullable List<String> configuredFolders;

  /**
   * A search on one machine.
   *
   * @param files its files
   * @param machine its processor, by ELF's number
   * @param libraryPath LD_LIBRARY_PATH; empty if it is not set
   * @param onClassPath whether JavaCPP finds a library of this name on the class path
   */
  public LibrarySearch(
      HostFiles files, int machine, String libraryPath, Predicate<String> onClassPath) {
    this.files = files;
    this.machine = machine;
    this.environmentFolders =
        libraryPath.isEmpty() ? List.of() : List.of(libraryPath.split("[:;]", -1));
    this.onClassPath = onClassPath;
    this.cache = LoaderCache.read(files, machine);
  }

  /**
   * What was found.
   *
   * @param found where each library is that was found, by name
   * @param missing those that were not, in the order in which a loader would have met them
   */
  public record Outcome(Map<String, String> found, List<Missing> missing) {
    /** Copies both. */
    public Outcome {
      found = Map.copyOf(found);
      missing = List.copyOf(missing);
    }
  }

  /**
   * A library that the loader would not find.
   *
   * @param soname its name
   * @param neededBy what needs it
   * @param hints what stands in its place or near it: other versions, files that cannot be read,
   *     folders that nobody searches
   */
  public record Missing(String soname, String neededBy, List<String> hints) {
    /** Copies the hints. */
    public Missing {
      hints = List.copyOf(hints);
    }
  }

  /** A library in the tree of who asked for whom. */
  private record Node(String soname, String folder, ElfFile elf, @Nullable Node asker) {}

  /** A wish for a library. */
  private record Wish(String soname, String neededBy, @Nullable Node asker) {}

  /**
   * Finds libraries, and all that they need.
   *
   * @param needs names of libraries, by what needs them
   */
  public Outcome find(Map<String, List<String>> needs) {
    Queue<Wish> wishes = new ArrayDeque<>();
    needs.forEach((by, names) -> names.forEach(name -> wishes.add(new Wish(name, by, null))));
    Map<String, String> found = new LinkedHashMap<>();
    List<Missing> missing = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    while (!wishes.isEmpty()) {
      Wish wish = wishes.remove();
      if (!seen.add(wish.soname())) {
        continue;
      }
      if (onClassPath.test(wish.soname())) {
        found.put(wish.soname(), CLASS_PATH);
        continue;
      }
      Attempt attempt = new Attempt(wish);
      Node node = attempt.search();
      if (node == null) {
        missing.add(new Missing(wish.soname(), wish.neededBy(), attempt.hints()));
      } else {
        found.put(node.soname(), node.folder() + "/" + node.soname());
        node.elf().needed().forEach(name -> wishes.add(new Wish(name, node.soname(), node)));
      }
    }
    return new Outcome(found, missing);
  }

  /** The search for one library. */
  private final class Attempt {
    private final Wish wish;
    private final Set<String> folders = new LinkedHashSet<>();
    private final List<String> rejected = new ArrayList<>();

    Attempt(Wish wish) {
      this.wish = wish;
    }

    @Nullable Node search() {
      collectFolders();
      for (String folder : folders) {
        String path = folder + "/" + wish.soname();
        if (!isOpened(folder, path)) {
          continue;
        }
        try {
          ElfFile elf = ElfFile.read(files.path(path));
          if (elf.machine() == machine) {
            return new Node(wish.soname(), folder, elf, wish.asker());
          }
          rejected.add(path + " is for another processor");
        } catch (ElfFile.Not64BitsException e) {
          rejected.add(path + " is of 32 bits");
        } catch (IOException e) { // where the loader gives up, too
          rejected.add(path + " cannot be loaded: " + e.getMessage());
          return null;
        }
      }
      return null;
    }

    /** Whether the loader gets to see what is in the file; where it may not, it goes on. */
    private boolean isOpened(String folder, String path) {
      if (!files.exists(folder)) {
        return false;
      }
      if (!files.isReadable(folder)) {
        rejected.add("the folder " + folder + " cannot be read");
        return false;
      }
      if (!files.exists(path)) {
        return false;
      }
      if (!files.isReadable(path)) {
        rejected.add(path + " may not be read by this user");
        return false;
      }
      return true;
    }

    private void collectFolders() {
      Node asker = wish.asker();
      if (asker != null && asker.elf().runpath().isEmpty()) {
        for (Node node = asker; node != null; node = node.asker()) {
          if (node.elf().runpath().isEmpty()) {
            addExpanded(node.elf().rpath(), node.folder());
          }
        }
      }
      addExpanded(environmentFolders, "");
      if (asker != null) {
        addExpanded(asker.elf().runpath(), asker.folder());
      }
      for (String path : cache.paths(wish.soname())) {
        folders.add(path.substring(0, Math.max(1, path.lastIndexOf('/'))));
      }
      folders.addAll(defaultFolders());
    }

    /** Relative folders, and empty ones, which mean the working directory, are nobody's wish. */
    private void addExpanded(List<String> all, String origin) {
      for (String folder : all) {
        String expanded =
            folder
                .replace("${ORIGIN}", origin)
                .replace("$ORIGIN", origin)
                .replace("${LIB}", "lib")
                .replace("$LIB", "lib");
        if (expanded.startsWith("/")) {
          folders.add(expanded.length() > 1 ? expanded.replaceFirst("/+$", "") : expanded);
        }
      }
    }

    List<String> hints() {
      List<String> hints = new ArrayList<>(rejected);
      Set<String> searched = new LinkedHashSet<>(folders);
      searched.addAll(cache.folders());
      searched.forEach(folder -> addOtherVersions(folder, hints));
      for (String folder : configuredFolders()) {
        if (!folders.contains(folder) && files.exists(folder + "/" + wish.soname())) {
          hints.add(
              "it is in "
                  + folder
                  + ", which /etc/ld.so.conf names, but not in the loader's cache: run ldconfig");
        }
      }
      for (String folder : knownFolders()) {
        if (!searched.contains(folder)) {
          if (files.exists(folder + "/" + wish.soname())) {
            hints.add("it is in " + folder + ", where nobody looks: add that to LD_LIBRARY_PATH");
          }
          addOtherVersions(folder, hints);
        }
      }
      return hints.stream().distinct().toList();
    }

    private void addOtherVersions(String folder, List<String> hints) {
      int dot = wish.soname().lastIndexOf(".so.");
      if (dot < 0) {
        return;
      }
      String stem = wish.soname().substring(0, dot + 4);
      for (String name : names(folder)) {
        if (name.startsWith(stem)
            && isNumber(name.substring(stem.length()))
            && !name.equals(wish.soname())) {
          hints.add(folder + " has " + name + ", which is another major version");
        }
      }
    }
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private List<String> names(String folder) {
    return listings.computeIfAbsent(folder, files::names);
  }

  private List<String> configuredFolders() {
    List<String> known = configuredFolders;
    if (known == null) {
      known = LoaderCache.configuredFolders(files);
      configuredFolders = known;
    }
    return known;
  }

  private List<String> defaultFolders() {
    String multiarch = machine == ElfFile.AARCH64 ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
    return List.of(
        "/lib/" + multiarch, "/usr/lib/" + multiarch, "/lib64", "/usr/lib64", "/lib", "/usr/lib");
  }

  /** Where CUDA's installers put libraries, whether or not the loader was told. */
  private List<String> knownFolders() {
    List<String> known = new ArrayList<>();
    for (String base : List.of("/usr/local", "/opt")) {
      for (String name : names(base)) {
        if (name.startsWith("cuda")) {
          known.add(base + "/" + name + "/lib64");
          known.add(base + "/" + name + "/lib");
          known.add(base + "/" + name + "/targets/x86_64-linux/lib");
        }
      }
    }
    return known;
  }
}

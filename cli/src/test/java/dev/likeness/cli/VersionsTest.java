package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All POMs, guides and examples give one version, which one script sets. */
class VersionsTest {
  private static final String SCRIPT = "tools/release/set_version.sh";
  private static final Set<String> LEFT_OUT = Set.of(".git", "target", "shared");

  /** The places where a version of this library stands. */
  private static final Pattern VERSION =
      Pattern.compile("<artifactId>likeness-[a-z0-9_-]*</artifactId>\\s*<version>([^<$]+)<"
          + "|<likeness\\.version>([^<]+)<"
          + "|likeness-[a-z0-9_-]*[:-](\\d+\\.\\d+\\.\\d+(?:-SNAPSHOT)?)"
          + "|likenessVersion.*'(\\d[^']*)'");

  @TempDir
  Path folder;

  @Test
  void theTreeHasOneVersion() throws IOException {
    Set<String> versions = new TreeSet<>();
    for (Path file : files(Outside.ROOT)) {
      versions.addAll(versions(Files.readString(file)));
    }
    assertEquals(1, versions.size(), versions.toString());
  }

  @Test
  void theScriptSetsEachVersion() throws IOException {
    assumeTrue(Files.exists(Path.of("/bin/sh")), "the script needs a shell");
    List<Path> files = files(Outside.ROOT);
    int places = 0;
    for (Path file : files) {
      places += versions(Files.readString(file)).size();
      copy(Outside.ROOT.relativize(file));
    }
    copy(Path.of(SCRIPT));
    assertEquals(0, set("7.8.9-SNAPSHOT").status());
    int changed = 0;
    for (Path file : files(folder)) {
      List<String> versions = versions(Files.readString(file));
      changed += versions.size();
      assertTrue(
          versions.stream().allMatch("7.8.9-SNAPSHOT"::equals),
          () -> folder.relativize(file) + " has " + versions);
    }
    assertEquals(places, changed);
    assertTrue(places > 30, "POMs, README and guides have versions: " + places);
    Outside refused = set("seven 8");
    assertEquals(2, refused.status());
    assertEquals(
        "seven 8 is not a version; give one such as 0.2.0 or 0.3.0-SNAPSHOT",
        refused.output().strip());
  }

  private Outside set(String version) {
    return Outside.run(folder, Map.of(), List.of("/bin/sh", SCRIPT, version));
  }

  private void copy(Path file) throws IOException {
    Files.createDirectories(folder.resolve(file).getParent());
    Files.copy(Outside.ROOT.resolve(file), folder.resolve(file));
  }

  private static List<String> versions(String text) {
    List<String> found = new ArrayList<>();
    Matcher matcher = VERSION.matcher(text);
    while (matcher.find()) {
      for (int group = 1; group <= matcher.groupCount(); group++) {
        if (matcher.group(group) != null) {
          found.add(matcher.group(group));
        }
      }
    }
    return found;
  }

  private static List<Path> files(Path root) throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(root, new SimpleFileVisitor<>() {
      @Override
      public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
        return LEFT_OUT.contains(dir.getFileName().toString())
            ? FileVisitResult.SKIP_SUBTREE
            : FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
        String name = file.getFileName().toString();
        if (name.equals("pom.xml") || name.equals("build.gradle") || name.endsWith(".md")) {
          files.add(file);
        }
        return FileVisitResult.CONTINUE;
      }
    });
    return files;
  }
}

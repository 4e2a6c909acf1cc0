package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.tensor.OtherJvm;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The launchers in a small checkout, whose Maven and Java are scripts that note their calls. */
@DisabledOnOs(OS.WINDOWS)
class LauncherBuildTest {
  private static final String BUILDING =
      "likeness: building once with mvn package; the first build also downloads libraries\n";

  @TempDir
  private Path folder;

  private Path root;
  private Path programs;
  private final List<Path> runs = new ArrayList<>();

  @BeforeEach
  void createCheckout() throws IOException {
    root = checkout(folder.toRealPath().resolve("checkout"));
    programs = Files.createDirectory(folder.resolve("programs"));
    script(programs.resolve("java"), "echo java \"$@\" >> \"" + folder + "/java.log\"");
    // It notes if another build runs at the same time.
    script(
        programs.resolve("mvn"),
        "echo build >> \"" + folder + "/mvn.log\"",
        "mkdir running || echo overlap >> \"" + folder + "/mvn.log\"",
        "sleep ${MVN_SECONDS:-0}",
        "[ ! -e fail-once ] || { rm -r fail-once running; exit 1; }",
        "mkdir -p cli/target/classes",
        "echo libraries > cli/target/classpath.txt",
        "echo jar > cli/target/likeness-cli-1.jar",
        "rmdir running");
  }

  private static void script(Path file, String... lines) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static Path checkout(Path to) throws IOException {
    for (String name : List.of(
        "likeness",
        "likeness-shell",
        "cli/bin/likeness-env",
        "cli/bin/likeness-variables",
        "tools/docker/layout.sh")) {
      Files.createDirectories(to.resolve(name).getParent());
      Files.copy(Outside.ROOT.resolve(name), to.resolve(name));
    }
    // As layout.sh copies it.
    Files.createDirectory(to.resolve("bin"));
    Files.copy(Outside.ROOT.resolve("tools/docker/likeness"), to.resolve("bin/likeness"));
    for (String name : List.of(
        "pom.xml",
        "cli/pom.xml",
        "cli/src/main/java/a/A.java",
        "cli/src/main/java/a/b/B.java",
        "cli/src/main/resources/c.json")) {
      Files.createDirectories(to.resolve(name).getParent());
      Files.writeString(to.resolve(name), name);
    }
    return to;
  }

  private Process start(String launcher, String... environment) throws IOException {
    Path log = Files.createTempFile(folder, "run", ".log");
    runs.add(log);
    ProcessBuilder builder = new ProcessBuilder("sh", root.resolve(launcher).toString(), "x")
        .redirectErrorStream(true)
        .redirectOutput(log.toFile());
    builder.environment().remove("JAVA_HOME");
    builder
        .environment()
        .put("PATH", programs + File.pathSeparator + builder.environment().get("PATH"));
    for (String variable : environment) {
      builder.environment().put(variable.split("=")[0], variable.split("=")[1]);
    }
    return builder.start();
  }

  private List<String> log(String name) throws IOException {
    Path log = folder.resolve(name + ".log");
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  private int builds() throws IOException {
    return (int) log("mvn").stream().filter("build"::equals).count();
  }

  /** What the launchers printed, in the order in which they were started. */
  private List<String> printed() throws IOException {
    List<String> printed = new ArrayList<>();
    for (Path run : runs) {
      printed.add(Files.readString(run));
    }
    return printed;
  }

  private void run() throws IOException, InterruptedException {
    assertEquals(0, OtherJvm.exitOf(start("likeness")), () -> "the launcher failed");
  }

  private Path lock() {
    return root.resolve("target/likeness-build.lock");
  }

  private void assertNoRest() throws IOException {
    try (Stream<Path> files = Files.list(root.resolve("target"))) {
      assertEquals(List.of(), files.toList());
    }
    assertFalse(log("mvn").contains("overlap"), log("mvn").toString());
  }

  @ParameterizedTest
  @CsvSource({
    "likeness,likeness,checkout",
    "likeness-shell,likeness,checkout",
    "tools/docker/layout.sh,layout.sh,checkout",
    "bin/likeness,likeness,folder"
  })
  void saysThatAClassPathContainsNoColon(String launcher, String name, String place)
      throws Exception {
    root = checkout(folder.toRealPath().resolve("my:work/likeness"));
    assertEquals(4, OtherJvm.exitOf(start(launcher)));
    assertEquals(
        List.of(name + ": the path of this " + place + ", " + root + ", contains ':', which no"
            + " class path can contain; move the " + place + " to a path without ':'\n"),
        printed());
    assertEquals(0, builds());
  }

  @Test
  void buildsOnceAndThenRuns() throws Exception {
    run();
    run();
    assertEquals(List.of(BUILDING, ""), printed());
    assertEquals(1, builds());
    assertTrue(
        log("java").get(log("java").size() - 1).contains("cli/target/likeness-cli-1.jar:libraries"),
        log("java").toString());
    assertNoRest();
  }

  @Test
  void twoFirstBuildsTakeTurns() throws Exception {
    List<Process> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(start("likeness", "MVN_SECONDS=3"));
    }
    for (Process each : all) {
      assertEquals(0, OtherJvm.exitOf(each));
    }
    assertEquals(1, builds());
    List<String> printed = printed();
    assertEquals(1, printed.stream().filter(BUILDING::equals).count(), printed.toString());
    assertTrue(
        printed.stream()
            .filter(text -> !text.equals(BUILDING))
            .allMatch(text ->
                text.startsWith("likeness: waiting for another build of this checkout, by process ")
                    && text.endsWith("; if there is none, delete " + lock() + "\n")
                    && text.lines().count() == 1),
        printed.toString());
    assertNoRest();
  }

  @Test
  void anotherBuildsIfTheFirstFails() throws Exception {
    Files.createDirectory(root.resolve("fail-once"));
    Process first = start("likeness", "MVN_SECONDS=2");
    Process second = start("likeness", "MVN_SECONDS=2");
    List<Integer> ends =
        Stream.of(OtherJvm.exitOf(first), OtherJvm.exitOf(second)).sorted().toList();
    assertEquals(List.of(0, 4), ends, printed().toString());
    assertEquals(2, builds());
    assertTrue(
        printed().contains(BUILDING + "likeness: the build failed; its first error is above\n"),
        printed().toString());
    assertNoRest();
  }

  @Test
  void takesTheLockOfADeadProcess() throws Exception {
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    String machine = new String(
            new ProcessBuilder("uname", "-n").start().getInputStream().readAllBytes())
        .strip();
    Files.createDirectory(root.resolve("target"));
    for (String owner : List.of(dead.pid() + "@" + machine, "x@" + machine, "@" + machine)) {
      Files.deleteIfExists(root.resolve("cli/target/classpath.txt"));
      Files.createSymbolicLink(lock(), Path.of(owner));
      // One that was killed while it removed the lock.
      Files.createSymbolicLink(Path.of(lock() + "." + owner), Path.of(owner));
      List<Process> all = List.of(start("likeness"), start("likeness"), start("likeness"));
      for (Process each : all) {
        assertEquals(0, OtherJvm.exitOf(each), printed().toString());
      }
      assertNoRest();
    }
    assertEquals(3, builds());
  }

  @Test
  void takesTheLockOfAKilledBuild() throws Exception {
    Process killed = start("likeness", "MVN_SECONDS=60");
    assertTrue(CommandResult.awaitFile(root.resolve("running")));
    killed.descendants().forEach(ProcessHandle::destroyForcibly);
    killed.destroyForcibly().waitFor();
    Files.delete(root.resolve("running"));
    run();
    assertEquals(2, builds());
  }

  @Test
  void aBuildThatIsInterruptedReleasesItsLock() throws Exception {
    Process stopped = start("likeness", "MVN_SECONDS=3");
    assertTrue(CommandResult.awaitFile(root.resolve("running")));
    assertTrue(Files.exists(lock(), LinkOption.NOFOLLOW_LINKS));
    stopped.destroy();
    assertEquals(130, OtherJvm.exitOf(stopped));
    assertNoRest();
  }

  @Test
  void waitsForALivingProcess() throws Exception {
    Files.createDirectory(root.resolve("target"));
    String machine = new String(
            new ProcessBuilder("uname", "-n").start().getInputStream().readAllBytes())
        .strip();
    for (String owner :
        List.of(ProcessHandle.current().pid() + "@" + machine, "1@another." + machine)) {
      Files.deleteIfExists(root.resolve("cli/target/classpath.txt"));
      Files.createSymbolicLink(lock(), Path.of(owner));
      runs.clear();
      Process waiting = start("likeness");
      Thread.sleep(2500);
      assertTrue(waiting.isAlive(), printed().toString());
      Files.delete(lock());
      assertEquals(0, OtherJvm.exitOf(waiting));
      assertEquals(
          List.of("likeness: waiting for another build of this checkout, by process "
              + owner.replace("@", " of ") + "; if there is none, delete " + lock() + "\n"
              + BUILDING),
          printed());
      assertNoRest();
    }
  }

  /** Each changes the sources of a checkout that was built. */
  private enum Change {
    DELETED_SOURCE,
    DELETED_RESOURCE,
    DELETED_FOLDER,
    RENAMED,
    ADDED_OLD_FILE,
    CHANGED
  }

  @ParameterizedTest
  @EnumSource(Change.class)
  void buildsAgainAfterEachChangeOfTheSources(Change change) throws Exception {
    Instant before = Instant.now().minusSeconds(3600);
    try (Stream<Path> all = Files.walk(root)) {
      for (Path each : all.toList()) {
        Files.setLastModifiedTime(each, FileTime.from(before));
      }
    }
    run();
    Path stale = Files.writeString(root.resolve("cli/target/classes/c.json"), "old");
    run();
    assertEquals(1, builds());
    assertTrue(Files.exists(stale));
    Path java = root.resolve("cli/src/main/java/a");
    switch (change) {
      case DELETED_SOURCE -> Files.delete(java.resolve("A.java"));
      case DELETED_RESOURCE -> Files.delete(root.resolve("cli/src/main/resources/c.json"));
      case DELETED_FOLDER -> {
        Files.delete(java.resolve("b/B.java"));
        Files.delete(java.resolve("b"));
      }
      case RENAMED -> Files.move(java.resolve("A.java"), java.resolve("C.java"));
      case ADDED_OLD_FILE -> {
        Path old = Files.writeString(folder.resolve("C.java"), "C");
        Files.setLastModifiedTime(old, FileTime.from(before.minusSeconds(9)));
        Files.move(old, java.resolve("C.java"));
      }
      case CHANGED -> Files.writeString(java.resolve("A.java"), "changed");
      default -> throw new AssertionError(change);
    }
    run();
    assertEquals(2, builds());
    // What Maven made of a deleted file must not stay.
    assertEquals(change == Change.CHANGED, Files.exists(stale));
    run();
    assertEquals(2, builds());
    assertNoRest();
  }

  @Test
  void aChangeDuringABuildIsBuiltByTheNext() throws Exception {
    Process building = start("likeness", "MVN_SECONDS=3");
    assertTrue(CommandResult.awaitFile(root.resolve("running")));
    Files.writeString(root.resolve("cli/src/main/java/a/A.java"), "changed");
    assertEquals(0, OtherJvm.exitOf(building));
    run();
    assertEquals(2, builds());
    run();
    assertEquals(2, builds());
  }

  @Test
  void saysThatMavenIsMissing() throws Exception {
    Files.delete(programs.resolve("mvn"));
    Process process = start("likeness", "PATH=" + withoutMaven());
    assertEquals(4, OtherJvm.exitOf(process));
    assertEquals(
        List.of(BUILDING + "likeness: mvn is not on the PATH; install Apache Maven 3.8 or newer\n"),
        printed());
    assertNoRest();
  }

  /** A folder with the few programs that the launcher itself needs. */
  private String withoutMaven() throws IOException {
    Path few = Files.createDirectory(folder.resolve("few"));
    for (String name : List.of(
        "dirname",
        "readlink",
        "locale",
        "grep",
        "find",
        "head",
        "uname",
        "ln",
        "rm",
        "mkdir",
        "touch",
        "sleep",
        "sed",
        "cat",
        "mktemp",
        "mv",
        "ps")) {
      for (String place : List.of("/bin", "/usr/bin")) {
        if (Files.exists(Path.of(place, name))) {
          script(few.resolve(name), "exec " + place + "/" + name + " \"$@\"");
        }
      }
    }
    return few.toString();
  }
}

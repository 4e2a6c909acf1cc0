package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.request.ProgressEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies on the shared file system, whatever happens to attempts. */
class JobFilesTest {
  private static final String ID = "ada@example.org";

  @TempDir
  Path folder;

  private SharedFiles files() {
    return new SharedFiles(new Configuration(), Set.of("file"));
  }

  private JobFolders folders() {
    return new JobFolders(new org.apache.hadoop.fs.Path(folder.toUri()));
  }

  private PersonFolder attempt(String key, int number) {
    return new PersonFolder(files(), folders(), ID, key, "app-1", number, Tombstones.NONE);
  }

  private ErasureReceipt erase(String id) {
    return SubjectErasure.erase(
        new Configuration(), folder.toUri().toString(), id, Optional.empty());
  }

  private static Map<String, byte[]> content(String text) {
    return new TreeMap<>(Map.of("a.png", text.getBytes(StandardCharsets.UTF_8)));
  }

  private static Map<String, Object> metrics() {
    return new TreeMap<>(Map.of("seconds_total", 1.5, "reasons", List.of("a warning")));
  }

  private List<String> left() throws Exception {
    try (var all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> !file.getFileName().toString().endsWith(".crc"))
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void twoAttemptsAtOnceGiveOneResult() throws Exception {
    PersonFolder slow = attempt("k1", 0);
    PersonFolder copy = attempt("k1", 1);
    slow.begin();
    assertEquals(1, copy.begin(), "the first attempt looks as if its process had died");
    PersonResult first = copy.commit(content("same"), metrics()).orElseThrow();
    PersonResult second = slow.commit(content("same"), metrics()).orElseThrow();
    assertEquals(first.paths(), second.paths());
    String person = "people/ada@example.org/k1/";
    assertEquals(List.of(person + "a.png", person + "metrics.json"), left());
    assertEquals(List.of("a warning"), first.reasons());
  }

  @Test
  void anAttemptThatIsSecondLeavesTheMarkOfTheFirst() throws Exception {
    PersonFolder first = attempt("k1", 0);
    PersonFolder second = attempt("k1", 1);
    first.begin();
    second.begin();
    // The first attempt has moved its folder, and has not yet asked whether the person was erased.
    PersonFolder elsewhere =
        new PersonFolder(files(), folders(), "other", "k1", "app-1", 0, Tombstones.NONE);
    elsewhere.begin();
    elsewhere.commit(content("same"), metrics());
    Files.move(folder.resolve("people/other"), folder.resolve("people/ada@example.org"));
    assertTrue(second.commit(content("same"), metrics()).isPresent());
    assertTrue(first.isWanted(), "without its mark, the first attempt would delete its folder");
  }

  @Test
  void seedsOfMoreThan53BitsStayAsTheyAre() {
    long seed = (1L << 53) + 1;
    StructType columns =
        new StructType().add("prompt", DataTypes.StringType).add("seed", DataTypes.LongType);
    Row request = new GenericRowWithSchema(new Object[] {"a woman", seed}, columns);
    assertEquals(seed, ImageRow.of(0, request).seed());
    PersonRow person = new PersonRow(
        ID,
        "Ada: for my own use",
        "2026-11-20T09:00:00Z",
        List.of(),
        List.of(),
        Map.of("seed", Long.toString(seed)),
        "",
        Tombstones.NONE);
    assertEquals(seed, PersonPlan.of(person).request().seed());
  }

  @Test
  void aFolderThatIsNotCompleteCountsAsMissing() throws Exception {
    PersonFolder whole = attempt("k1", 0);
    whole.begin();
    whole.commit(content("whole"), metrics());
    assertTrue(attempt("k1", 0).findFinished().isPresent());
    Path image = folder.resolve("people/ada@example.org/k1/a.png");
    Files.delete(image.resolveSibling(".a.png.crc"));
    Files.writeString(image, "who");
    PersonFolder again = attempt("k1", 1);
    assertTrue(again.findFinished().isEmpty());
    again.begin();
    again.commit(content("whole"), metrics());
    assertEquals("whole", Files.readString(image));
  }

  @Test
  void aNewVersionReplacesTheOldOne() throws Exception {
    for (String key : List.of("k1", "k2")) {
      PersonFolder version = attempt(key, 0);
      version.begin();
      version.commit(content(key), metrics());
    }
    String person = "people/ada@example.org/k2/";
    assertEquals(List.of(person + "a.png", person + "metrics.json"), left());
  }

  @Test
  void erasureLeavesNothingButAReceiptEvenIfATaskStillWorks() throws Exception {
    PersonFolder finished = attempt("k1", 0);
    finished.begin();
    finished.commit(content("first"), metrics());
    PersonFolder working = attempt("k2", 0);
    working.begin();
    Files.writeString(folder.resolve("_work/ada@example.org/k2/state-000020.safetensors"), "state");

    ErasureReceipt receipt = erase(ID);
    assertEquals(ID, receipt.id());
    assertTrue(receipt.files() >= 2, receipt.toString());
    assertTrue(receipt.unfinishedFiles() >= 2, receipt.toString());
    boolean[] stopped = new boolean[1];
    try (TrainingStates states = new TrainingStates(files(), working, () -> stopped[0] = true)) {
      Files.writeString(states.restore(), "a state after the erasure");
      states.onEvent(new ProgressEvent.Step("train", 41, 45, 0.1));
    }
    assertTrue(stopped[0], "the training must end");
    assertTrue(working.commit(content("late"), metrics()).isEmpty());
    assertFalse(Files.exists(folder.resolve("_work/ada@example.org")));
    assertFalse(Files.exists(folder.resolve("people/ada@example.org")));
    List<String> left = left();
    assertEquals(2, left.size(), left.toString());
    assertEquals("_erased/ada@example.org", left.get(0));
    assertTrue(left.get(1).matches("_receipts/[-0-9a-f]{36}\\.json"), left.get(1));
    assertTrue(Files.readString(folder.resolve(left.get(1))).contains("\"id\" : \"" + ID + "\""));
    assertTrue(erase(ID).isEmpty());
  }

  @Test
  void anIdWithSpacesAroundItIsErasedAsItIsInARow() throws Exception {
    PersonFolder finished = attempt("k1", 0);
    finished.begin();
    finished.commit(content("first"), metrics());
    ErasureReceipt receipt = erase(" " + ID + " ");
    assertFalse(receipt.isEmpty());
    assertEquals(ID, receipt.id());
    assertFalse(Files.exists(folder.resolve("people/ada@example.org")));
  }

  @Test
  void aUriWithEscapedSpacesIsFound() throws Exception {
    Path photo = Files.writeString(folder.resolve("a photo.png"), "x");
    for (String uri : List.of(photo.toUri().toString(), photo.toString())) {
      byte[] content = files().read("the photo", files().path("the photo", uri), 10);
      assertEquals("x", new String(content, StandardCharsets.UTF_8), uri);
    }
  }

  @Test
  void idsBecomeDifferentSafeNames() {
    assertEquals("ada@example.org", JobFolders.name("ada@example.org"));
    assertEquals("~2e.~2fx", JobFolders.name("../x"));
    assertEquals("~5fwork", JobFolders.name("_work"));
    assertEquals("~c3~a4", JobFolders.name("ä"));
    assertNotEquals(JobFolders.name("a/b"), JobFolders.name("a~2fb"));
    assertThrows(InvalidInputException.class, () -> JobFolders.name("x".repeat(201)));
    assertThrows(InvalidInputException.class, () -> JobFolders.name(""));
  }

  /**
   * A training saves after every 20th step, before the event of the next step. Whenever the process
   * is killed, the shared state is at most 25 steps old.
   */
  @Test
  void anyKillLosesAtMost25Steps() throws Exception {
    int interval = JobSettings.MAX_INTERVAL;
    PersonFolder folderOfWork = attempt("k1", 0);
    folderOfWork.begin();
    try (TrainingStates states = new TrainingStates(files(), folderOfWork, () -> {})) {
      Path state = states.restore();
      assertFalse(states.exists());
      for (int step = 1; step <= 100; step++) {
        // The step is computed. A process that dies here has not yet reported it.
        assertTrue(step - shared() <= 25, "step " + step + ", state of step " + shared());
        states.onEvent(new ProgressEvent.Step("train", step, 100, 0.1));
        if (step % interval == 0) {
          Path part = state.resolveSibling("part");
          Files.writeString(part, "state of " + step);
          Files.move(part, state, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
      }
      assertEquals(96, shared());
      assertEquals(0, states.resumedFrom());
    }
    PersonFolder resuming = attempt("k1", 1);
    resuming.begin();
    try (TrainingStates resumed = new TrainingStates(files(), resuming, () -> {})) {
      assertEquals("state of 96", Files.readString(resumed.restore()));
      resumed.onEvent(new ProgressEvent.Step("train", 97, 100, 0.1));
      assertEquals(96, resumed.resumedFrom());
      assertEquals(96, shared(), "an unchanged state is not copied");
    }
  }

  private int shared() throws Exception {
    List<Integer> steps = new ArrayList<>(List.of(0));
    try (var all = Files.list(folder.resolve("_work/ada@example.org/k1"))) {
      all.map(file -> file.getFileName().toString())
          .filter(name -> name.matches("state-\\d+\\.safetensors"))
          .forEach(name -> steps.add(Integer.parseInt(name.substring(6, 12))));
    }
    assertTrue(steps.size() <= 2, "older states are deleted");
    return steps.get(steps.size() - 1);
  }
}

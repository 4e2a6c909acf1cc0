package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is in a store, and who agreed for them. */
class PeopleCommandTest {
  @TempDir
  private Path folder;

  private String store;
  private String key;
  private final Map<String, String> ids = new HashMap<>();

  @BeforeEach
  void create() throws IOException {
    store = folder.resolve("store").toString();
    key = folder.resolve("key.txt").toString();
    try (SubjectStore opened =
        SubjectStore.open(Path.of(store), WrappingKey.createFile(Path.of(key)))) {
      Consent yes = Consent.of("Ada Byron: for my own use");
      ids.put("text", opened.create(yes).id());
      ids.put("name", opened.create(yes.person("Ada Byron")).id());
      ids.put(
          "child",
          opened
              .create(yes.person("Ada Byron").givenBy("Eva Byron, her mother"))
              .id());
      ids.put("hostile", opened.create(yes.person("x\n\u001b[2Jfake 9 files")).id());
      ids.put("same", opened.create(yes.person("Bob").givenBy("Bob")).id());
      Files.write(
          opened.subject(ids.get("child")).folder(DataCategory.IMAGES).resolve("one.png"),
          new byte[3]);
    }
  }

  private static String only(String out, String id) {
    List<String> lines = out.lines().filter(line -> line.startsWith(id)).toList();
    assertEquals(1, lines.size(), out);
    return lines.get(0).replaceFirst(".* ago(?=$|  )", "");
  }

  @Test
  void listShowsNamesWhereTheKeyIsGiven() {
    CommandResult list = CommandResult.of("people", "list", "--store", store, "--key", key);
    assertEquals(0, list.status(), list.err());
    assertEquals(5, list.out().lines().count(), list.out());
    assertEquals("  \"Ada Byron: for my own use\"", only(list.out(), ids.get("text")));
    assertEquals("  \"Ada Byron\"", only(list.out(), ids.get("name")));
    assertEquals(
        "  \"Ada Byron\", consent given by \"Eva Byron, her mother\"",
        only(list.out(), ids.get("child")));
    assertEquals("  \"x\\u000a\\u001b[2Jfake 9 files\"", only(list.out(), ids.get("hostile")));
    assertEquals("  \"Bob\"", only(list.out(), ids.get("same")));
  }

  @Test
  void listShowsNoNamesWithoutTheKeyThatOpensThem() {
    WrappingKey.createFile(folder.resolve("other.txt"));
    for (String[] more :
        new String[][] {{}, {"--key", folder.resolve("other.txt").toString()}}) {
      String[] arguments = Stream.concat(
              Stream.of("people", "list", "--store", store), Stream.of(more))
          .toArray(String[]::new);
      CommandResult list = CommandResult.of(arguments);
      assertEquals(0, list.status(), list.err());
      for (String id : ids.values()) {
        assertEquals("", only(list.out(), id));
      }
    }
  }

  @Test
  void showSaysWhoAgreedForWhichPersonAndCountsImages() {
    String out = CommandResult.of(
            "people", "show", ids.get("child"), "--store", store, "--key", key)
        .out();
    assertTrue(out.contains("for        Ada Byron"), out);
    assertTrue(out.lines().anyMatch(line -> line.matches("given .* by Eva Byron, her mother, .*")));
    assertTrue(out.contains("images     1 files"), out);
  }

  @Test
  void opensAStoreWhoseClockIsDamagedOrLost() throws IOException {
    Path clock = Path.of(store, "clock.json");
    Files.writeString(clock, "{\"elapsed");
    assertEquals(0, CommandResult.of("people", "list", "--store", store).status());
    CommandResult verified = CommandResult.of("verify", "--store", store, "--key", key);
    assertEquals(3, verified.status());
    assertEquals(1, verified.errorLines().size(), verified.err());
    assertTrue(verified.errorLines().get(0).contains("clock.json was damaged"), verified.err());
    Files.delete(clock);
    Files.delete(Path.of(store, "clock.json.damaged"));
    assertEquals(0, CommandResult.of("verify", "--store", store, "--key", key).status());
  }

  @Test
  void aConsentNeedsItsTextAndNoEmptyNames() {
    String needed =
        "--consent-for and --consent-by need --consent TEXT; give --consent, or leave them out";
    for (String option : List.of("--consent-for", "--consent-by")) {
      CommandResult alone =
          CommandResult.of("train", "--photos", folder.toString(), "--out", "x", option, "Eva");
      assertEquals(2, alone.status());
      assertEquals(List.of(needed), alone.errorLines());
      CommandResult blank =
          CommandResult.of("train", "--photos", "x", "--out", "x", "--consent", "yes", option, " ");
      assertEquals(2, blank.status());
      assertTrue(blank.errorLines().get(0).contains(" in a consent is empty"), blank.err());
    }
  }
}

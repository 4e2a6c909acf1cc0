package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
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

  /** The number of people with another key, and the line about them. */
  @Test
  void listTellsOfAKeyThatDoesNotOpenPeople() throws IOException {
    String other = folder.resolve("other.txt").toString();
    WrappingKey.createFile(Path.of(other));
    assertEquals(
        List.of("the key opens none of the 5 people; give the key that they were stored with"),
        errors("--key", other));
    assertEquals(List.of(), errors("--key", key));
    assertEquals(List.of(), errors());
    Path vault = Path.of(store, "subjects", ids.get("same"), "person", "key");
    byte[] damaged = Files.readAllBytes(vault);
    damaged[damaged.length - 1] ^= 1;
    Files.write(vault, damaged);
    assertEquals(
        List.of("the key does not open 1 of the 5 people; they were stored with another key, or are"
            + " damaged, which the command verify finds"),
        errors("--key", key));
    CommandResult.of("people", "erase", ids.get("same"), "--store", store);
    assertEquals(List.of(), errors("--key", key));
    assertEquals(
        List.of("the key opens none of the 4 people; give the key that they were stored with"),
        errors("--key", other));
    for (String name : List.of("text", "name", "child", "hostile")) {
      CommandResult.of("people", "erase", ids.get(name), "--store", store);
    }
    assertEquals(List.of(), errors("--key", other), "an empty store has no key");
  }

  private List<String> errors(String... more) {
    CommandResult list = CommandResult.of(
        Stream.concat(Stream.of("people", "list", "--store", store), Stream.of(more))
            .toArray(String[]::new));
    assertEquals(0, list.status(), list.err());
    return list.err().lines().toList();
  }

  @Test
  void warnsOfAKeyThatOthersCanRead() throws IOException {
    assumeTrue(
        folder.getFileSystem().supportedFileAttributeViews().contains("posix"),
        "skipped: no permissions here");
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(key))),
        "a key that the library creates");
    OwnCertificate own = OwnCertificate.until(Instant.now().plus(Duration.ofDays(1)));
    Path signer = own.key(folder);
    Path chain = own.chain(folder);
    for (String permissions :
        List.of("rw-r-----", "rw----r--", "rw-rw----", "rw-r--r--", "rw-rw-rw-")) {
      for (Path shared : List.of(Path.of(key), signer)) {
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString(permissions));
      }
      String warning = "other users of this machine can open the private key ";
      String end = " (" + permissions + "); keep it to yourself: chmod 600 ";
      assertEquals(List.of(warning + key + end + key), errors("--key", key), permissions);
      String id = ids.values().iterator().next();
      CommandResult show = CommandResult.of(
          "people",
          "show",
          id,
          "--store",
          store,
          "--key",
          key,
          "--sign-key",
          signer.toString(),
          "--sign-certificate",
          chain.toString());
      assertEquals(
          List.of(warning + signer + end + signer, warning + key + end + key),
          show.err().lines().toList());
    }
    for (String permissions : List.of("rw-------", "r--------", "rwx------", "rwx--x--x")) {
      Files.setPosixFilePermissions(Path.of(key), PosixFilePermissions.fromString(permissions));
      assertEquals(List.of(), errors("--key", key), permissions);
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

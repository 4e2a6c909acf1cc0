package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the cache, whether it is whole, and what removing a model deletes. */
class HubCacheTest {
  private static final byte[] WEIGHTS = Bytes.of(50_000, 1);
  private static final String XET = "ab" + "c".repeat(62);

  @TempDir
  private Path folder;

  private final LocalHub server = new LocalHub();

  @AfterEach
  void stop() {
    server.close();
  }

  private HubCache cache() {
    return HubCache.of(server.settings(folder));
  }

  private Path get(String name) {
    server.repository(name).large("model.safetensors", WEIGHTS);
    return ModelHub.open(server.settings(folder)).get(name);
  }

  /** Two repositories whose weights are one file of the shared store, as Python keeps them. */
  private Path shareWith(String... names) throws IOException {
    Path store = Files.createDirectories(folder.resolve("blobs/ab"));
    Files.writeString(folder.resolve("blobs/.huggingface-shared-blobs"), "1\n");
    Files.write(store.resolve(XET), WEIGHTS);
    for (String name : names) {
      server.repository(name).xet("model.safetensors", XET);
      get(name);
    }
    return store.resolve(XET);
  }

  @Test
  void aCacheThatIsNotThereIsEmpty() {
    HubCache none = HubCache.of(server.settings(folder.resolve("none")));
    assertEquals(List.of(), none.entries());
    assertEquals(0, none.bytes());
  }

  @Test
  void repositoriesAreListed() throws IOException {
    get("bea/second");
    get("ada/first");
    Files.createDirectories(folder.resolve("datasets--x--y/snapshots"));
    Files.createDirectories(folder.resolve("models--x--never-finished/blobs"));
    List<HubCache.Entry> entries = cache().entries();
    assertEquals(
        List.of("ada/first", "bea/second"),
        entries.stream().map(HubCache.Entry::name).toList());
    assertEquals(
        Map.of("main", server.repository("ada/first").commit), entries.get(0).revisions());
    assertEquals(WEIGHTS.length, entries.get(0).bytes());
  }

  @Test
  void sharedFilesCountOnceInAll() throws IOException {
    long one = WEIGHTS.length;
    shareWith("ada/first", "bea/second");
    assertEquals(one, cache().entry("ada/first").orElseThrow().bytes());
    assertEquals(one, cache().entry("bea/second").orElseThrow().bytes());
    assertTrue(
        cache().bytes() >= one && cache().bytes() < one + 2000, "refs and markers are small");
  }

  @Test
  void aWholeModelHasNoFaults() {
    get("ada/first");
    assertEquals(List.of(), cache().faults("ada/first"));
  }

  @Test
  void aChangedByteIsFound() throws IOException {
    Path file = get("ada/first");
    byte[] changed = WEIGHTS.clone();
    changed[7] ^= 1;
    Files.write(file.toRealPath(), changed);
    String etag = server.repository("ada/first").file("model.safetensors").etag();
    assertEquals(List.of("blobs/" + etag + " has another digest"), cache().faults("ada/first"));
  }

  @Test
  void aMissingBlobIsFound() throws IOException {
    Path file = get("ada/first");
    Files.delete(file.toRealPath());
    String commit = server.repository("ada/first").commit;
    assertEquals(
        List.of("snapshots/" + commit + "/model.safetensors links to a file that does not exist"),
        cache().faults("ada/first"));
  }

  @Test
  void removingIsToldBeforeItIsDone() throws IOException {
    get("ada/first");
    get("bea/second");
    HubCache.Removal removal = cache().removal("ada/first");
    assertEquals(folder.resolve("models--ada--first"), removal.folder());
    assertTrue(removal.bytes() >= WEIGHTS.length && removal.bytes() < WEIGHTS.length + 1000);
    assertTrue(Files.exists(removal.folder()));
    cache().remove(removal);
    assertFalse(Files.exists(removal.folder()));
    assertEquals(
        List.of("bea/second"),
        cache().entries().stream().map(HubCache.Entry::name).toList());
  }

  @Test
  void aFileThatAnotherRepositoryUsesIsKept() throws IOException {
    Path stored = shareWith("ada/first", "bea/second");
    HubCache.Removal first = cache().removal("ada/first");
    assertTrue(first.bytes() < 1000, "the weights stay");
    cache().remove(first);
    assertArrayEquals(
        WEIGHTS,
        Files.readAllBytes(folder.resolve("models--bea--second/snapshots/"
            + server.repository("bea/second").commit + "/model.safetensors")));
    assertTrue(Files.exists(stored));
    HubCache.Removal second = cache().removal("bea/second");
    assertTrue(second.bytes() >= WEIGHTS.length, "nobody else uses the weights now");
    cache().remove(second);
    assertFalse(Files.exists(stored));
    assertFalse(Files.exists(stored.resolveSibling(XET + ".refs")));
  }

  @Test
  void withoutAListOfItsLinksASharedFileIsKept() throws IOException {
    Path stored = shareWith("ada/first");
    Files.delete(stored.resolveSibling(XET + ".refs"));
    cache().remove(cache().removal("ada/first"));
    assertTrue(Files.exists(stored));
  }

  @Test
  void aListThatNamesOtherPlacesIsNotBelieved() throws IOException {
    Path stored = shareWith("ada/first");
    Files.writeString(
        stored.resolveSibling(XET + ".refs"),
        "../../outside/blobs/x\nmodels--a--b/blobs/..\n/etc/passwd\nmodels--ada--first/blobs/none\n");
    cache().remove(cache().removal("ada/first"));
    assertFalse(Files.exists(stored), "no line is a link to the file");
  }

  @Test
  void aRepositoryThatIsNotThereIsToldByItsName() {
    InvalidInputException e =
        assertThrows(InvalidInputException.class, () -> cache().removal("ada/none"));
    assertEquals("ada/none is not in the cache " + folder, e.getMessage());
    assertThrows(InvalidInputException.class, () -> cache().faults("ada/none"));
    assertThrows(IllegalArgumentException.class, () -> cache().removal("../x"));
  }
}

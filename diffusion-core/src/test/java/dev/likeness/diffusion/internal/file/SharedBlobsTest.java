package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.material.HubCacheFolder;
import dev.likeness.diffusion.material.NamedPipe;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A cache as huggingface_hub 2.4 keeps it: a snapshot links to blobs of its repository, and blobs
 * of large files link to a store that all repositories of the cache share.
 */
@ExtendWith(NoTensorLeaks.class)
class SharedBlobsTest {
  private static final String MARKER = HubCacheFolder.MARKER;
  private static final byte[] CONTENT = "content".getBytes(StandardCharsets.UTF_8);

  @TempDir
  private Path folder;

  private Path cache;
  private HubCacheFolder hub;
  private Path repository;
  private Path store;

  @BeforeEach
  void createCache() throws IOException {
    cache = Files.createDirectory(folder.resolve("hub")).toRealPath();
    hub = HubCacheFolder.create(cache, "acme/face");
    repository = hub.repository();
    store = hub.store();
  }

  private Path snapshot() {
    return hub.snapshot();
  }

  private Path plain() {
    return GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, folder).path();
  }

  private static RgbImage image(Path base) {
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      return model.generate(ImageRequest.of("a cat").steps(1).size(16, 16)).image();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void opensADownloadedBase(boolean everything) throws IOException {
    Path plain = plain();
    hub.addAll(plain, everything);
    RgbImage expected = image(plain);
    assertEquals(expected, image(snapshot()));
    assertEquals(expected, image(repository));
  }

  @Test
  void opensABaseWhoseCacheIsReachedThroughALink() throws IOException {
    Path plain = plain();
    hub.addAll(plain, false);
    Path elsewhere = Files.createSymbolicLink(folder.resolve("link"), cache);
    assertEquals(image(plain), image(elsewhere.resolve(cache.relativize(snapshot()))));
    assertEquals(image(plain), image(elsewhere.resolve(repository.getFileName())));
  }

  @Test
  void opensAComponentOfTheSharedStore() throws IOException {
    Path plain = plain();
    hub.addAll(plain, false);
    Path vae = snapshot().resolve("vae");
    ImageRequest request = ImageRequest.of("a cat").steps(1).size(16, 16);
    for (Path part :
        List.of(repository, snapshot(), vae, vae.resolve("diffusion_pytorch_model.safetensors"))) {
      try (BaseModel model =
          BaseModel.open(ModelFiles.of(plain).with("vae", part), Compute.EXACT)) {
        assertEquals(image(plain), model.generate(request).image(), part.toString());
      }
    }
  }

  @Test
  void readsAFileOfEachKind() throws IOException {
    Path weights = plain().resolve("vae/diffusion_pytorch_model.safetensors");
    Path single = hub.add("face.safetensors", Files.readAllBytes(weights));
    assertEquals(
        TensorFileFormat.list(weights).names(), TensorFileFormat.list(single).names());
    hub.add("m-00001-of-00001.safetensors", Files.readAllBytes(weights));
    String tensor = TensorFileFormat.list(weights).names().iterator().next();
    Path index = hub.add(
        "m.safetensors.index.json",
        ("{\"weight_map\":{\"" + tensor + "\":\"m-00001-of-00001.safetensors\"}}")
            .getBytes(StandardCharsets.UTF_8));
    try (ShardedSource shards = ShardedSource.open(index)) {
      assertEquals(List.of(tensor), List.copyOf(shards.names()));
    }
    Path deep = hub.add("a/b/c/d/tokenizer.json", CONTENT);
    assertArrayEquals(CONTENT, ModelFile.read(deep, CONTENT.length));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "1\n", "1\r\n"})
  void readsAStoreOfLayoutOne(String layout) throws IOException {
    Path file = hub.add("a.bin", CONTENT);
    Files.writeString(store.resolve(MARKER), layout);
    assertArrayEquals(CONTENT, ModelFile.read(file, CONTENT.length));
  }

  @Test
  void followsAbsoluteLinks() throws IOException {
    Path file = hub.add("a.bin", CONTENT);
    Path blob = hub.blob(CONTENT);
    Files.delete(blob);
    Files.createSymbolicLink(blob, hub.entry(CONTENT));
    Files.delete(file);
    Files.createSymbolicLink(file, blob);
    assertArrayEquals(CONTENT, ModelFile.read(file, CONTENT.length));
  }

  @Test
  void namesABlobWhoseEntryWasDeleted() throws IOException {
    Path file = hub.add("a.bin", CONTENT);
    Files.delete(hub.entry(CONTENT));
    assertEquals(
        file + " links to \"../../blobs/" + hub.blob(CONTENT).getFileName()
            + "\", which does not exist: the download was not finished; download the model again",
        refusal(file));
  }

  /** Each change makes a cache that huggingface_hub would not write. */
  private enum Foreign {
    NO_MARKER,
    MARKER_OF_ANOTHER_LAYOUT,
    EMPTY_MARKER,
    LONG_MARKER,
    MARKER_IS_A_LINK,
    MARKER_IS_A_FOLDER,
    MARKER_IS_A_PIPE,
    STORE_IS_A_LINK,
    PREFIX_IS_A_LINK_OUT,
    PREFIX_IS_A_LINK_INSIDE,
    ENTRY_IS_A_LINK_OUT,
    ENTRY_IS_A_LINK_INSIDE,
    ENTRY_IS_A_FOLDER,
    ENTRY_IS_A_PIPE,
    WRONG_PREFIX,
    LONG_PREFIX,
    NO_PREFIX,
    DEEP_PREFIX,
    SHORT_NAME,
    LONG_NAME,
    UPPER_CASE_NAME,
    NAME_WITHOUT_HASH,
    LIST_OF_REFERENCES,
    STORE_OF_ANOTHER_CACHE,
    STORE_INSIDE_THE_REPOSITORY,
    BLOB_OF_ANOTHER_REPOSITORY,
    LINK_BETWEEN_BLOB_AND_STORE,
    LINK_PAST_THE_BLOBS,
    FOLDER_WITHOUT_A_REPOSITORY
  }

  @ParameterizedTest
  @EnumSource(Foreign.class)
  void refusesEverythingElse(Foreign change) throws Exception {
    Path file = hub.add("a.bin", CONTENT);
    Path blob = hub.blob(CONTENT);
    Path entry = hub.entry(CONTENT);
    String name = entry.getFileName().toString();
    Path marker = store.resolve(MARKER);
    switch (change) {
      case NO_MARKER -> Files.delete(marker);
      case MARKER_OF_ANOTHER_LAYOUT -> Files.writeString(marker, "2\n");
      case EMPTY_MARKER -> Files.writeString(marker, "");
      case LONG_MARKER -> Files.writeString(marker, "1" + " ".repeat(20) + "x");
      case MARKER_IS_A_LINK -> {
        Files.move(marker, folder.resolve("marker"));
        Files.createSymbolicLink(marker, folder.resolve("marker"));
      }
      case MARKER_IS_A_FOLDER -> {
        Files.delete(marker);
        Files.createDirectory(marker);
      }
      case MARKER_IS_A_PIPE -> {
        Files.delete(marker);
        NamedPipe.make(marker);
      }
      case STORE_IS_A_LINK -> {
        Files.move(store, folder.resolve("blobs"));
        Files.createSymbolicLink(store, folder.resolve("blobs"));
      }
      case PREFIX_IS_A_LINK_OUT -> replace(entry.getParent(), folder.resolve("prefix"));
      case PREFIX_IS_A_LINK_INSIDE -> replace(entry.getParent(), store.resolve("zz"));
      case ENTRY_IS_A_LINK_OUT -> replace(entry, folder.resolve("1".repeat(64)));
      case ENTRY_IS_A_LINK_INSIDE -> {
        Path other = store.resolve("11").resolve("1".repeat(64));
        Files.createDirectories(other.getParent());
        replace(entry, other);
      }
      case ENTRY_IS_A_FOLDER -> {
        Files.delete(entry);
        Files.createDirectory(entry);
      }
      case ENTRY_IS_A_PIPE -> {
        Files.delete(entry);
        NamedPipe.make(entry);
      }
      case WRONG_PREFIX -> move(blob, entry, store.resolve("zz").resolve(name));
      case LONG_PREFIX -> move(blob, entry, store.resolve(name.substring(0, 3)).resolve(name));
      case NO_PREFIX -> move(blob, entry, store.resolve(name));
      case DEEP_PREFIX ->
        move(
            blob,
            entry,
            store.resolve(name.substring(0, 2)).resolve(name.substring(2, 4)).resolve(name));
      case SHORT_NAME -> move(blob, entry, entry.resolveSibling(name.substring(0, 63)));
      case LONG_NAME -> move(blob, entry, entry.resolveSibling(name + "0"));
      case UPPER_CASE_NAME -> move(blob, entry, store.resolve("AB").resolve("AB" + "0".repeat(62)));
      case NAME_WITHOUT_HASH ->
        move(blob, entry, store.resolve("id").resolve("id_rsa" + "0".repeat(58)));
      case LIST_OF_REFERENCES -> move(blob, entry, entry.resolveSibling(name + ".refs"));
      case STORE_OF_ANOTHER_CACHE -> {
        Path other = Files.createDirectories(folder.resolve("other/blobs"));
        Files.writeString(other.resolve(MARKER), "1\n");
        move(blob, entry, other.resolve(store.relativize(entry)));
      }
      case STORE_INSIDE_THE_REPOSITORY -> {
        Path other = Files.createDirectories(repository.resolve("snapshots/blobs"));
        Files.writeString(other.resolve(MARKER), "1\n");
        move(blob, entry, other.resolve(store.relativize(entry)));
      }
      case BLOB_OF_ANOTHER_REPOSITORY -> {
        Path other =
            cache.resolve("models--acme--other/blobs").resolve(hub.blob(CONTENT).getFileName());
        HubCacheFolder.link(other, entry);
        Files.delete(file);
        HubCacheFolder.link(file, other);
      }
      case LINK_BETWEEN_BLOB_AND_STORE -> {
        Files.delete(blob);
        Files.createSymbolicLink(folder.resolve("between"), entry);
        Files.createSymbolicLink(blob, folder.resolve("between"));
      }
      case LINK_PAST_THE_BLOBS -> {
        Files.delete(file);
        HubCacheFolder.link(file, entry);
      }
      case FOLDER_WITHOUT_A_REPOSITORY -> {
        Files.delete(file);
        file = HubCacheFolder.link(folder.resolve("model/a.bin"), blob);
      }
      default -> throw new AssertionError(change);
    }
    String target = Quoted.of(Files.readSymbolicLink(file).toString());
    assertEquals(
        file + " links to " + target + ", which is not a blob of the same Hugging Face repository"
            + " or of the shared store of its cache; replace the link by a copy of " + target,
        refusal(file));
  }

  /** Moves a file or folder of the store and leaves a link in its place. */
  private static void replace(Path from, Path to) throws IOException {
    Files.move(from, to);
    Files.createSymbolicLink(from, to);
  }

  /** Moves an entry of the store, and links the blob to its new place. */
  private static void move(Path blob, Path entry, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.deleteIfExists(to);
    Files.move(entry, to);
    Files.delete(blob);
    HubCacheFolder.link(blob, to);
  }

  private static String refusal(Path file) {
    return assertThrows(InvalidInputException.class, () -> ModelFile.read(file, CONTENT.length))
        .getMessage();
  }
}

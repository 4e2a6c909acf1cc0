package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.material.NamedPipe;
import dev.likeness.diffusion.tensor.Compute;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The one rule for every file of a model's folder, tried on each of them. */
@ExtendWith(NoTensorLeaks.class)
class ModelFileTest {
  private static final String SECRET = "-----BEGIN PRIVATE KEY-----";

  @TempDir
  private Path folder;

  private Path secret;

  @BeforeEach
  void writeSecret() throws IOException {
    secret = Files.writeString(folder.resolve("id_rsa"), SECRET);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sd1/base", "flux/dev", "klein/base"})
  void refusesEachFileThatLinksOutOfTheFolder(String name) throws IOException {
    Path model = PipelineFolder.any(name, folder);
    for (Path file : files(model)) {
      Path own = folder.resolve("own");
      Files.move(file, own);
      Files.createSymbolicLink(file, own);
      String message = refusal(model);
      assertTrue(
          message.startsWith(file + " links to \"" + own + "\", which is not a blob"), message);
      Files.delete(file);
      Files.move(own, file);
    }
    BaseModel.open(model, Compute.EXACT).close();
  }

  @Test
  void saysWhyAFileCannotBeRead() {
    assertEquals("no such file", Quoted.reason(new NoSuchFileException("a.json")));
    assertEquals("permission denied", Quoted.reason(new AccessDeniedException("a.json")));
    assertEquals("EOFException", Quoted.reason(new EOFException()));
  }

  @Test
  void refusesEachFolderThatIsALink() throws IOException {
    Path model = PipelineFolder.any("sd1/base", folder);
    for (String part : List.of("unet", "vae", "text_encoder", "tokenizer", "scheduler")) {
      Path own = folder.resolve("own");
      Files.move(model.resolve(part), own);
      Files.createSymbolicLink(model.resolve(part), own);
      String message = refusal(model);
      assertTrue(message.startsWith(model.resolve(part) + " links to"), message);
      Files.delete(model.resolve(part));
      Files.move(own, model.resolve(part));
    }
  }

  @Test
  void copiesNoLinkedFileIntoAConvertedModel() throws IOException {
    Path model =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, folder).path();
    for (String name : List.of(
        "tokenizer/added_tokens.json",
        "tokenizer/chat_template.jinja",
        "tokenizer/spiece.model",
        "tokenizer/merges.txt",
        "likeness.json",
        "leftovers.safetensors")) {
      Path file = model.resolve(name);
      Path own = folder.resolve("own");
      boolean there = Files.exists(file);
      if (there) {
        Files.move(file, own);
      }
      Files.createSymbolicLink(file, secret);
      Path out = folder.resolve(name.endsWith("safetensors") ? "out.safetensors" : "out");
      String message = assertThrows(
              InvalidInputException.class, () -> CheckpointConverter.convert(model, out))
          .getMessage();
      assertTrue(message.startsWith(file + " links to"), message);
      assertEquals(List.of(), filesWithSecret(out));
      Files.delete(file);
      if (there) {
        Files.move(own, file);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ModelExtras.Extra.class)
  void refusesEachExtraThatLinksOutOfTheFolder(ModelExtras.Extra extra) throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Path place = extra.at(model);
    assertEquals(Optional.empty(), extra.in(model));
    Files.createDirectories(place.getParent());
    Files.createSymbolicLink(place, secret);
    assertThrows(InvalidInputException.class, () -> extra.in(model));
    Files.delete(place);
    if (!place.getParent().equals(model)) {
      Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
      Files.copy(secret, elsewhere.resolve(place.getFileName()));
      Files.delete(place.getParent());
      Files.createSymbolicLink(place.getParent(), elsewhere);
      assertThrows(InvalidInputException.class, () -> extra.at(model));
    }
  }

  @Test
  void neverOpensAPipe() throws Exception {
    Path model = PipelineFolder.any("sd1/base", folder);
    Path own = folder.resolve("own");
    for (Path file : files(model)) {
      Files.move(file, own);
      NamedPipe.make(file);
      Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
        String message = refusal(model);
        assertTrue(message.startsWith(file + " is a pipe, a device or"), message);
      });
      Files.delete(file);
      Files.move(own, file);
    }
    Path pipe = NamedPipe.make(folder.resolve("pipe.safetensors"));
    assertThrows(InvalidInputException.class, () -> TensorFileFormat.list(pipe));
    assertThrows(InvalidInputException.class, () -> SafetensorsHeader.read(pipe));
    assertThrows(InvalidInputException.class, () -> BaseModel.open(pipe, Compute.EXACT));
    Path device = Path.of("/dev/zero");
    if (Files.exists(device)) {
      assertThrows(InvalidInputException.class, () -> TensorFileFormat.list(device));
    }
  }

  @Test
  void limitsTheSizeOfEachJsonFile() throws IOException {
    Path model = PipelineFolder.any("sd1/base", folder);
    for (Path file : files(model)) {
      if (file.toString().endsWith(".json")) {
        long most = file.getParent().endsWith("tokenizer") ? 64L << 20 : 16L << 20;
        byte[] own = Files.readAllBytes(file);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
          sparse.setLength(most + 1);
        }
        String message = refusal(model);
        assertTrue(message.startsWith(file + " has more than the " + most + " bytes"), message);
        Files.write(file, own);
      }
    }
  }

  @Test
  void followsALinkThatTheUserNames() throws IOException {
    Path model = PipelineFolder.any("sd1/base", folder);
    Path link = Files.createSymbolicLink(folder.resolve("link"), model);
    BaseModel.open(link, Compute.EXACT).close();
    Path weights = Files.createSymbolicLink(
        folder.resolve("weights"), model.resolve("vae/diffusion_pytorch_model.safetensors"));
    assertFalse(TensorFileFormat.list(weights).names().isEmpty());
  }

  @Test
  void saysWhichBlobOfADownloadIsMissing() throws IOException {
    Path snapshot = folder.resolve("models--a--b/snapshots/1");
    Files.createDirectories(snapshot.resolve("unet"));
    Files.createDirectories(folder.resolve("models--a--b/blobs"));
    Path index = snapshot.resolve("model_index.json");
    Files.createSymbolicLink(index, Path.of("../../blobs/abc"));
    assertEquals(
        index
            + " links to \"../../blobs/abc\", which does not exist: the download was not finished;"
            + " download the model again",
        refusal(folder.resolve("models--a--b")));
    Files.writeString(folder.resolve("models--a--b/blobs/abc"), "{}");
    assertEquals(Map.of(), ModelConfig.read(index).values());
    Files.delete(index);
    Files.createSymbolicLink(index, Path.of("../../../id_rsa"));
    assertTrue(refusal(snapshot).startsWith(index + " links to"));
  }

  @Test
  void aFolderOfBlobsThatIsALinkLeadsNowhere() throws IOException {
    Path repository = folder.resolve("models--a--b");
    Path snapshot = Files.createDirectories(repository.resolve("snapshots/1"));
    Files.createSymbolicLink(repository.resolve("blobs"), folder);
    Path index = snapshot.resolve("model_index.json");
    Files.createSymbolicLink(index, Path.of("../../blobs/id_rsa"));
    assertTrue(refusal(repository).startsWith(index + " links to"));
  }

  @Test
  void tellsTextsAndCompressedFilesFromWeights() throws IOException {
    Path file = folder.resolve("model.safetensors");
    for (String text : List.of(
        "{\"error\":\"Invalid username or password.\"}", "Entry not found", "\n über\tx\r\n")) {
      Files.writeString(file, text);
      assertEquals(
          file + " is a text file, not weights; if the website needs a login, log in, then"
              + " download the file again",
          listing(file));
    }
    Files.writeString(file, "a".repeat(1000));
    assertTrue(listing(file).startsWith(file + " is a text file, not weights;"), listing(file));
    Files.write(file, new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 3});
    assertEquals(file + " is compressed with gzip; unpack it first", listing(file));
    Files.write(file, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, '{', '}'});
    assertTrue(listing(file).contains("announces a header of"), listing(file));
    Files.writeString(file, "version https://git-lfs.github.com/spec/v1\noid sha256:00\n");
    assertTrue(assertThrows(InvalidInputException.class, () -> TorchPickle.open(file))
        .getMessage()
        .contains("Git LFS"));
  }

  /** The sizes that SECURITY.md calls usual; a sparse file takes no space. */
  @Test
  void limitsTheSizeOfConfigurationsAndTokenizers() throws IOException {
    for (long limit : new long[] {ModelFile.LARGEST_CONFIG, ModelFile.LARGEST_TOKENIZER}) {
      Path file = folder.resolve("large.json");
      try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
        sparse.setLength(limit);
        assertEquals(limit, ModelFile.read(file, limit).length);
        sparse.setLength(limit + 1);
      }
      assertEquals(
          file + " has more than the " + limit
              + " bytes that are allowed for such a file; it may be another file under this name: use the one"
              + " that was published with the model",
          assertThrows(InvalidInputException.class, () -> ModelFile.read(file, limit))
              .getMessage());
    }
    assertEquals(16 << 20, ModelFile.LARGEST_CONFIG);
    assertEquals(64 << 20, ModelFile.LARGEST_TOKENIZER);
    Path config = folder.resolve("large.json");
    assertTrue(assertThrows(InvalidInputException.class, () -> ModelConfig.read(config))
        .getMessage()
        .contains("16777216 bytes"));
  }

  @Test
  void tellsPointersAndPagesByTheirFirstBytes() throws IOException {
    String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3438167540\n";
    Path file = folder.resolve("model.safetensors");
    Files.writeString(file, pointer);
    assertEquals(
        file
            + " is a pointer of Git LFS, not the file itself; run `git lfs pull` in its repository,"
            + " or download the file",
        listing(file));
    for (String page :
        List.of("<!DOCTYPE html><html>", "\ufeff\n <HTML lang=\"en\">", "<?xml ?>")) {
      Files.writeString(file, page + " ".repeat(100));
      assertTrue(listing(file).startsWith(file + " is a web page, not the file itself"), page);
    }
    String blob = "../../blobs/" + "0123456789".repeat(4);
    Files.writeString(file, blob);
    assertEquals(
        file + " is the text of a link to \"" + blob
            + "\", which does not exist: the download was not finished; download the model again",
        listing(file));
    String shared = "../../blobs/ab/" + "ab01234567890123".repeat(4);
    Files.writeString(file, shared);
    assertTrue(listing(file).startsWith(file + " is the text of a link to \"" + shared), shared);
    Path config = Files.writeString(folder.resolve("config.json"), pointer);
    assertTrue(assertThrows(InvalidInputException.class, () -> ModelConfig.read(config))
        .getMessage()
        .contains("Git LFS"));
  }

  @Test
  void readsWhatALinkInACacheLeadsTo() throws IOException {
    Path repository = folder.resolve("models--a--b");
    Path snapshot = Files.createDirectories(repository.resolve("snapshots/1"));
    Path blob = Files.createDirectories(repository.resolve("blobs")).resolve("abc");
    byte[] content = "x".getBytes(StandardCharsets.UTF_8);
    Files.write(blob, content);
    Path link = Files.createSymbolicLink(snapshot.resolve("a.txt"), Path.of("../../blobs/abc"));
    assertArrayEquals(content, ModelFile.read(link, 1));
    Path neighbour = Files.createSymbolicLink(snapshot.resolve("b.txt"), link);
    assertArrayEquals(content, ModelFile.read(neighbour, 1));
    Path own = Files.write(snapshot.resolve("c.txt"), content);
    Path sideways = Files.createSymbolicLink(snapshot.resolve("d.txt"), own);
    assertThrows(InvalidInputException.class, () -> ModelFile.read(sideways, 1));
  }

  private static String listing(Path file) {
    return assertThrows(InvalidInputException.class, () -> TensorFileFormat.list(file))
        .getMessage();
  }

  private static String refusal(Path model) {
    return assertThrows(InvalidInputException.class, () -> BaseModel.open(model, Compute.EXACT))
        .getMessage();
  }

  private static List<Path> files(Path model) throws IOException {
    try (Stream<Path> all = Files.walk(model)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> !file.getFileName().toString().startsWith("reference."))
          .sorted()
          .toList();
    }
  }

  private static List<Path> filesWithSecret(Path out) throws IOException {
    if (!Files.exists(out)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(out)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> {
            try {
              return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                  .contains(SECRET);
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          })
          .toList();
    }
  }
}

package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class ShardedSourceTest {
  @TempDir
  private Path parent;

  private Path folder;

  @BeforeEach
  void writeTwoShards() throws IOException {
    folder = Files.createDirectories(parent.resolve("model")).toRealPath();
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          folder.resolve("m-1.safetensors"), Map.of("a", torch.ones(2)), Map.of());
      SafetensorsWriter.write(
          folder.resolve("m-2.safetensors"),
          Map.of("b", torch.ones(3).mul(new Scalar(2)), "c", torch.ones(1)),
          Map.of());
    }
  }

  @Test
  void readsEachTensorFromItsShard() throws IOException {
    Path index = index("\"b\":\"m-2.safetensors\",\"a\":\"m-1.safetensors\"");
    try (ShardedSource model = ShardedSource.open(index);
        TensorScope scope = TensorScope.open()) {
      assertEquals(List.of("b", "a"), List.copyOf(model.names()));
      assertEquals(DType.F32, model.dtype("b"));
      assertEquals(3, model.shape("b")[0]);
      assertEquals(6, model.read("b").sum().item_int());
      assertEquals(2, model.read("a").sum().item_int());
      assertEquals(
          "no tensor \"c\" in " + index,
          assertThrows(IllegalArgumentException.class, () -> model.read("c")).getMessage());
    }
  }

  @Test
  void followsLinksIntoTheBlobsOfACache() throws IOException {
    Path repository = Files.createDirectories(parent.resolve("models--someone--sd"));
    Path blobs = Files.createDirectories(repository.resolve("blobs"));
    Path snapshot = Files.createDirectories(repository.resolve("snapshots/0123/unet"));
    Files.move(folder.resolve("m-1.safetensors"), blobs.resolve("abc"));
    Files.createSymbolicLink(snapshot.resolve("m-1.safetensors"), Path.of("../../../blobs/abc"));
    Files.writeString(blobs.resolve("def"), "{\"weight_map\":{\"a\":\"m-1.safetensors\"}}");
    Path index = Files.createSymbolicLink(
        snapshot.resolve("m.safetensors.index.json"), Path.of("../../../blobs/def"));
    try (ShardedSource model = ShardedSource.open(index);
        TensorScope scope = TensorScope.open()) {
      assertEquals(2, model.read("a").sum().item_int());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../m-1.safetensors",
        "/m-1.safetensors",
        "..",
        ".",
        "",
        "sub/m",
        "C:\\\\m",
        "m 1",
        "ä"
      })
  void refusesNamesThatAreNotPlain(String name) throws IOException {
    Path index = index("\"a\":\"" + name + "\"");
    refused(
        index,
        index + " names the file \"" + name.replace("\\\\", "\\")
            + "\"; expected a plain name of letters, digits, '.', '_' and '-' in the same folder");
  }

  @Test
  void refusesLinksOutOfTheRepository() throws IOException {
    Files.move(folder.resolve("m-1.safetensors"), parent.resolve("elsewhere.safetensors"));
    Files.createSymbolicLink(
        folder.resolve("m-1.safetensors"), parent.resolve("elsewhere.safetensors"));
    refused(
        index("\"a\":\"m-1.safetensors\""),
        folder.resolve("m-1.safetensors") + " links to \""
            + parent.resolve("elsewhere.safetensors")
            + "\", which is not a blob of the same Hugging Face repository or of the shared store of"
            + " its cache; replace the link by a copy of \""
            + parent.resolve("elsewhere.safetensors") + "\"");
  }

  @Test
  void readsShardsWhoseIndexIsLost() throws IOException {
    Path first = Files.move(
        folder.resolve("m-1.safetensors"), folder.resolve("m-00001-of-00002.fp16.safetensors"));
    Path second = Files.move(
        folder.resolve("m-2.safetensors"), folder.resolve("m-00002-of-00002.fp16.safetensors"));
    try (ShardedSource model = ShardedSource.withoutIndex(first, Safetensors::open);
        TensorScope scope = TensorScope.open()) {
      assertEquals(List.of("a", "b", "c"), List.copyOf(model.names()));
      assertEquals(6, model.read("b").sum().item_int());
    }
    Files.delete(second);
    Files.copy(first, second);
    assertEquals(
        second
            + ": tensor \"a\" is also in another shard; download all shards of one revision again",
        withoutIndex(first));
    Files.delete(second);
    assertEquals(
        first + " names m-00002-of-00002.fp16.safetensors, which is not in " + folder
            + "; download the missing file",
        withoutIndex(first));
  }

  private static String withoutIndex(Path shard) {
    return assertThrows(
            InvalidInputException.class, () -> ShardedSource.withoutIndex(shard, Safetensors::open))
        .getMessage();
  }

  @Test
  void saysWhichShardIsMissing() throws IOException {
    Path index = index("\"a\":\"m-1.safetensors\",\"z\":\"m-3.safetensors\"");
    refused(
        index,
        index + " names m-3.safetensors, which is not in " + folder
            + "; download the missing file");
  }

  @Test
  void saysWhichTensorIsNotInItsShard() throws IOException {
    Path index = index("\"a\":\"m-1.safetensors\",\"b\":\"m-1.safetensors\"");
    refused(
        index,
        index + " says that tensor \"b\" is in m-1.safetensors, but it is not;"
            + " download the index and all shards of one revision again");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"metadata\":{}}|' has no object \"weight_map\" that maps tensor names to files; download"
            + " the file again'",
        "{\"weight_map\":{\"a\":1}}|: \"weight_map\" gives no file name for tensor \"a\";"
            + " download the file again",
        "{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}|' is not a JSON object: Duplicate field;"
            + " download the file again'"
      })
  void refusesAnIndexOfAnotherForm(String text, String problem) throws IOException {
    Path index = Files.writeString(folder.resolve("m.safetensors.index.json"), text);
    refused(index, index + problem);
  }

  private Path index(String map) throws IOException {
    return Files.writeString(
        folder.resolve("m.safetensors.index.json"),
        "{\"metadata\":{\"total_size\":20},\"weight_map\":{" + map + "}}");
  }

  private static void refused(Path index, String message) {
    assertEquals(
        message,
        assertThrows(InvalidInputException.class, () -> ShardedSource.open(index))
            .getMessage());
  }
}

package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a written folder says of a model beside its networks. */
@ExtendWith(NoTensorLeaks.class)
class FolderWriterTest {
  @TempDir
  private Path folder;

  private Map<String, Object> written(Path from) {
    Path out = folder.resolve("after");
    CheckpointConverter.convert(from, out);
    return ModelConfig.read(out.resolve("model_index.json")).values();
  }

  @Test
  void saysThatAModelIsDistilledAndWhatItsTokenizerIs() {
    Map<String, Object> index =
        written(PipelineFolder.write("klein/distilled", folder).path());
    assertEquals(true, index.get("is_distilled"));
    assertEquals(List.of("transformers", "Qwen2Tokenizer"), index.get("tokenizer"));
    assertFalse(index.containsKey("safety_checker"));
  }

  @Test
  void saysThatAnEmptyPromptIsZerosUnlessAnXlFolderSaysOtherwise() throws IOException {
    Path xl =
        GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    Path index = xl.resolve("model_index.json");
    Map<String, Object> unsaid = new LinkedHashMap<>(ModelConfig.read(index).values());
    assertEquals(true, unsaid.remove("force_zeros_for_empty_prompt"));
    Files.write(index, JSON.std.asBytes(unsaid));
    assertEquals(true, written(xl).get("force_zeros_for_empty_prompt"));
    Path words = GoldenFolder.write("xl-words-for-nothing", GoldenFolder.KeyFormat.CURRENT, folder)
        .path();
    assertFalse(ModelFolder.open(words).option("force_zeros_for_empty_prompt"));
  }

  @Test
  void namesTheT5ThatAModelCameWithout() {
    Map<String, Object> index =
        written(PipelineFolder.write("sd3/medium", folder).path());
    assertEquals(Arrays.asList(null, null), index.get("text_encoder_3"));
    assertEquals(Arrays.asList(null, null), index.get("tokenizer_3"));
    assertEquals(
        List.of("transformers", "CLIPTextModelWithProjection"), index.get("text_encoder_2"));
  }

  @Test
  void bringsAlongHowTheModelIsUsed() throws IOException {
    Path whole = PipelineFolder.write("flux/dev", folder).path();
    Path declaration = whole.resolve(ModelExtras.FILE);
    Files.writeString(declaration, "{\"rare_token\": false, \"style_family\": \"drawings\"}");
    written(whole);
    assertArrayEquals(
        Files.readAllBytes(declaration),
        Files.readAllBytes(folder.resolve("after").resolve(ModelExtras.FILE)));
    Files.writeString(declaration, "{\"rare_token\": 1}");
    Path other = folder.resolve("other");
    assertThrows(InvalidInputException.class, () -> CheckpointConverter.convert(whole, other));
    assertFalse(Files.exists(other));
  }

  @Test
  void asksForEveryTokenizerBeforeItWrites() throws IOException {
    Path whole = PipelineFolder.write("flux/dev", folder).path();
    Files.write(whole.resolve("tokenizer_2/tokenizer.json"), new byte[] {-1});
    assertThrows(
        InvalidInputException.class,
        () -> CheckpointConverter.convert(whole, folder.resolve("after")));
    assertFalse(Files.exists(folder.resolve("after")));
  }

  @Test
  void saysThatSingleFilesAreOfUNetsOnly() {
    Path flux = PipelineFolder.write("flux/dev", folder).path();
    assertEquals(
        flux
            + " has no UNet, and only models with a UNet can be written to a single file; keep the folder",
        assertThrows(
                InvalidInputException.class,
                () -> CheckpointConverter.convert(flux, folder.resolve("x.safetensors")))
            .getMessage());
  }

  @Test
  void keepsThePiecesOfT5() throws IOException {
    Path whole = PipelineFolder.write("flux/dev", folder).path();
    Files.delete(whole.resolve("tokenizer_2/tokenizer.json"));
    GoldenResource.copy(
        "/golden/t5/published/spiece.model", whole.resolve("tokenizer_2/spiece.model"));
    Map<String, Object> index = written(whole);
    assertEquals(List.of("transformers", "CLIPTokenizer"), index.get("tokenizer"));
    assertEquals(List.of("transformers", "T5Tokenizer"), index.get("tokenizer_2"));
    assertFalse(index.containsKey("force_zeros_for_empty_prompt"));
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("tokenizer_2/spiece.model")),
        Files.readAllBytes(folder.resolve("after/tokenizer_2/spiece.model")));
    try (var tokenizer = ModelOpener.open(folder.resolve("after")).t5Tokenizer("tokenizer_2")) {
      assertTrue(tokenizer.ids("a cat").length > 0);
    }
  }
}

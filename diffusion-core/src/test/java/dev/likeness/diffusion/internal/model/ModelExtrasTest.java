package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.model.ModelExtras.Layers;
import dev.likeness.diffusion.internal.model.ModelExtras.Training;
import dev.likeness.diffusion.internal.model.ModelExtras.Upscaling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelExtrasTest {
  @TempDir
  private Path folder;

  private String written(String json) throws IOException {
    return Files.writeString(folder.resolve(ModelExtras.FILE), json.replace('\'', '"'))
        .toString();
  }

  @Test
  void aFolderWithoutTheFileHasPlainDefaults() throws IOException {
    ModelExtras plain = ModelExtras.in(folder);
    assertEquals(
        new ModelExtras(
            Optional.of(folder), true, true, Optional.empty(), Upscaling.PLAIN, Optional.empty()),
        plain);
    assertEquals(ModelExtras.PLAIN, ModelExtras.of(Optional.empty()));
    written("{}");
    assertEquals(plain, ModelExtras.of(Optional.of(folder)));
  }

  @Test
  void readsWhatAFolderDeclares() throws IOException {
    written("{'photographs': false, 'rare_token': false, 'style_family': 'ink-and-wash',"
        + " 'upscaling': {'strength': 0.1}, 'training': {'rank': 4, 'layers': 'transformers',"
        + " 'text_encoder': false,"
        + " 'batch': 2, 'learning_rate': 1e-3}}");
    assertEquals(
        new ModelExtras(
            Optional.of(folder),
            false,
            false,
            Optional.of("ink-and-wash"),
            new Upscaling(0.1, Optional.empty(), true, false),
            Optional.of(
                new Training(4, Layers.TRANSFORMERS, false, 2, 1e-3, OptionalDouble.empty()))),
        ModelExtras.in(folder));
  }

  @Test
  void findsFilesAtTheirPlaces() throws IOException {
    assertEquals(Optional.empty(), ModelExtras.in(folder).find(Extra.FACE_EMBEDDER));
    Path embedder = Files.createDirectories(folder.resolve("face_embedder"));
    assertEquals(
        Optional.empty(),
        ModelExtras.in(folder).find(Extra.FACE_EMBEDDER),
        "an empty folder is no embedder");
    Files.writeString(embedder.resolve("config.json"), "{}");
    assertEquals(Optional.of(embedder), ModelExtras.in(folder).find(Extra.FACE_EMBEDDER));
    assertEquals(folder.resolve("lora/few-step.safetensors"), Extra.FEW_STEP_LORA.at(folder));
    assertEquals(Optional.empty(), ModelExtras.PLAIN.find(Extra.FACE_EMBEDDER));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'lens': true} | : unknown option \"lens\"; known: photographs, rare_token,"
            + " style_family, upscaling, training",
        "{'photographs': 1} | : option \"photographs\" is 1, expected true or false"
            + "; correct the file, or use the config that was published with the model",
        "{'style_family': 'SD 9'} | : option \"style_family\" is SD 9, expected lower-case"
            + " letters, digits and hyphens; correct the file, or use the config that was published with the model",
        "{'upscaling': 0.1} | : option \"upscaling\" is 0.1, expected a JSON object"
            + "; correct the file, or use the config that was published with the model",
        "{'upscaling': {'strength': 2}} | : \"upscaling\": option \"strength\" is 2,"
            + " expected a number above 0, at most 1; correct the file, or use the config that was published with"
            + " the model",
        "{'upscaling': {'steps': 2}} | : \"upscaling\": unknown option \"steps\"; known:"
            + " strength, scheduler, requested_steps, keep_colours",
        "{'training': {'rank': 4}} | : \"training\": option \"layers\" is missing; add it",
        "{'training': {'rank': 1.5, 'layers': 'attention', 'text_encoder': true, 'batch': 1,"
            + " 'learning_rate': 1}}"
            + " | : \"training\": option \"rank\" is 1.5, expected a whole number of at least 1"
            + "; correct the file, or use the config that was published with the model",
        "{'training': {'rank': 4, 'layers': 'all', 'text_encoder': true, 'batch': 1,"
            + " 'learning_rate': 1}}"
            + " | : \"training\": option \"layers\" is all, expected attention, transformers or"
            + " convolutions; correct the file, or use the config that was published with the model",
        "{'training': {'rank': 4, 'layers': 'attention', 'text_encoder': true, 'batch': 1,"
            + " 'learning_rate': -1}}"
            + " | : \"training\": option \"learning_rate\" is -1, expected a number above 0"
            + "; correct the file, or use the config that was published with the model"
      })
  void refusesWhatItDoesNotKnowByFileAndKey(String json, String reason) throws IOException {
    String file = written(json);
    assertEquals(
        file + reason,
        assertThrows(InvalidInputException.class, () -> ModelExtras.in(folder)).getMessage());
  }
}

package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of the files in a network's folder is taken. */
class ComponentFolderTest {
  @TempDir
  private Path folder;

  @ParameterizedTest
  @CsvSource(nullValues = "-", textBlock = """
      -,    model.safetensors,                             model.safetensors model.bin model.fp16.safetensors
      -,    diffusion_pytorch_model.safetensors,           diffusion_pytorch_model.safetensors diffusion_pytorch_model.bin
      -,    pytorch_model.bin,                             pytorch_model.bin model.fp16.safetensors
      -,    model.fp16.safetensors,                        model.fp16.safetensors model.fp16.bin
      -,    diffusion_pytorch_model.fp16.bin,              diffusion_pytorch_model.fp16.bin
      -,    model.safetensors.index.json,                  model.safetensors.index.json model-00001-of-00002.safetensors
      -,    diffusion_pytorch_model.safetensors.index.fp16.json, diffusion_pytorch_model.safetensors.index.fp16.json
      -,    pytorch_model.bin.index.json,                  pytorch_model.bin.index.json
      fp16, model.fp16.safetensors,                        model.safetensors model.fp16.safetensors
      fp16, diffusion_pytorch_model.safetensors.index.fp16.json, model.safetensors diffusion_pytorch_model.safetensors.index.fp16.json
      fp16, model.safetensors,                             model.safetensors
      -,    diffusion_pytorch_model.safetensors.fp16.index.json, diffusion_pytorch_model.safetensors.fp16.index.json
      -,    model.fp16.safetensors.index.json,             model.fp16.safetensors.index.json
      -,    model.fp16-00001-of-00002.safetensors,         model.fp16-00002-of-00002.safetensors model.fp16-00001-of-00002.safetensors
      -,    model-00001-of-00002.fp16.safetensors,         model-00001-of-00002.fp16.safetensors model-00002-of-00002.fp16.safetensors
      -,    model-00002-of-00003.safetensors,              model-00002-of-00003.safetensors model-00003-of-00003.safetensors
      -,    model.safetensors.index.json,                  model.safetensors.index.json model-00001-of-00001.safetensors
      -,    model.bf16.safetensors,                        model.bf16.safetensors
      -,    model.fp16.bin,                                model.bf16.safetensors model.fp16.bin
      -,    diffusion_pytorch_model.non_ema.safetensors,   diffusion_pytorch_model.non_ema.safetensors
      -,    model.fp8.safetensors.index.json,              model.fp8.safetensors.index.json
      fp16, diffusion_pytorch_model.safetensors.fp16.index.json, model.safetensors diffusion_pytorch_model.safetensors.fp16.index.json
      ema,  diffusion_pytorch_model.ema.bin,               diffusion_pytorch_model.safetensors diffusion_pytorch_model.ema.bin
      """)
  void takesOneFile(String variant, String taken, String there) throws IOException {
    for (String name : there.split(" ")) {
      Files.createFile(folder.resolve(name));
    }
    assertEquals(folder.resolve(taken), new ComponentFolder(folder, variant).weights());
  }

  @Test
  void saysWhichVariantIsMissing() throws IOException {
    Files.createFile(folder.resolve("model.bf16.safetensors"));
    assertEquals(
        folder
            + " has no weights, plain or of variant fp16; expected diffusion_pytorch_model.safetensors or"
            + " model.safetensors (found variants: bf16; to use a variant, remove its name from"
            + " the names of its files)",
        assertThrows(
                InvalidInputException.class, () -> new ComponentFolder(folder, "fp16").weights())
            .getMessage());
  }

  @Test
  void guessesNoneOfTwoUnknownVariants() throws IOException {
    Files.createFile(folder.resolve("model.one.safetensors"));
    Files.createFile(folder.resolve("model.two-00001-of-00001.safetensors"));
    assertEquals(
        folder + " has no weights; expected diffusion_pytorch_model.safetensors or"
            + " model.safetensors (found variants: one, two; to use a variant, remove its name"
            + " from the names of its files)",
        assertThrows(InvalidInputException.class, () -> new ComponentFolder(folder, null).weights())
            .getMessage());
  }

  @Test
  void saysThatADownloadWasNotFinished() throws IOException {
    Path link = folder.resolve("model.safetensors");
    Files.createSymbolicLink(link, folder.resolve("gone"));
    Files.createFile(folder.resolve("model.fp16.safetensors"));
    assertEquals(
        link + " links to \"" + folder.resolve("gone")
            + "\", which does not exist: the download was not finished; download the model again",
        assertThrows(InvalidInputException.class, () -> new ComponentFolder(folder, null).weights())
            .getMessage());
  }
}

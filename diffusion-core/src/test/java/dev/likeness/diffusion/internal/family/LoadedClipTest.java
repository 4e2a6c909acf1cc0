package dev.likeness.diffusion.internal.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class LoadedClipTest {
  @Test
  void closesItsTokenizerWhereItsWeightsDoNotOpen(@TempDir Path folder) throws IOException {
    Path golden =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    Files.write(golden.resolve("text_encoder/model.safetensors"), new byte[3]);
    List<ClipTokenizer> opened = new ArrayList<>();
    ModelComponents files = trackTokenizers(ModelOpener.open(golden), opened);
    assertThrows(
        InvalidInputException.class,
        () -> LoadedClip.open(files, ModelComponent.TEXT_ENCODER, Compute.EXACT, 0));
    assertEquals(1, opened.size());
    String told = assertThrows(IllegalStateException.class, () -> opened.get(0).encode("a man"))
        .getMessage();
    assertTrue(told.matches("the tokenizer .* is closed; open it again"), told);
  }

  @Test
  void refusesFewerPositionsThanItsTokenizerGives(@TempDir Path folder) throws IOException {
    Path golden =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    Path settings = golden.resolve("tokenizer/tokenizer_config.json");
    String all = Files.readString(settings);
    Files.writeString(
        settings, all.replace("\"model_max_length\": 77", "\"model_max_length\": 20"));
    try (LoadedClip textEncoder = LoadedClip.open(
            ModelOpener.open(golden), ModelComponent.TEXT_ENCODER, Compute.EXACT, 0);
        TensorScope scope = TensorScope.open()) {
      assertEquals(
          20,
          textEncoder
              .promptEncoder(Adaptation.NONE)
              .encode(List.of("a man"))
              .tokens()
              .size(1));
    }
    Files.writeString(
        settings, all.replace("\"model_max_length\": 77", "\"model_max_length\": 248"));
    assertEquals(
        golden
            + ": the model_max_length of the tokenizer of text_encoder is 248, but the"
            + " text encoder has 77 positions; give the tokenizer that the text encoder was trained with",
        assertThrows(
                InvalidInputException.class,
                () -> LoadedClip.open(
                    ModelOpener.open(golden), ModelComponent.TEXT_ENCODER, Compute.EXACT, 0))
            .getMessage());
  }

  /** The same files, telling which tokenizers of them were opened. */
  private static ModelComponents trackTokenizers(
      ModelComponents files, List<ClipTokenizer> opened) {
    return (ModelComponents) Proxy.newProxyInstance(
        ModelComponents.class.getClassLoader(),
        new Class<?>[] {ModelComponents.class},
        (proxy, method, arguments) -> {
          try {
            Object answer = method.invoke(files, arguments);
            if (answer instanceof ClipTokenizer tokenizer) {
              opened.add(tokenizer);
            }
            return answer;
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }
}

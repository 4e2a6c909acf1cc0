package dev.likeness.diffusion.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.text.ClipTokenizer;
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
class TextTowerTest {
  @Test
  void closesItsTokenizerWhereItsWeightsDoNotOpen(@TempDir Path folder) throws IOException {
    Path golden = GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, folder).path();
    Files.write(golden.resolve("text_encoder/model.safetensors"), new byte[3]);
    List<ClipTokenizer> opened = new ArrayList<>();
    ModelFiles files = watched(ModelFiles.open(golden), opened);
    assertThrows(UnusableInput.class, () -> TextTower.open(files, Part.TEXT_ENCODER, Compute.EXACT, 0));
    assertEquals(1, opened.size());
    String told = assertThrows(IllegalStateException.class, () -> opened.get(0).encode("a man")).getMessage();
    assertTrue(told.matches("the tokenizer .* is closed"), told);
  }

  /** The same files, telling which tokenizers of them were opened. */
  private static ModelFiles watched(ModelFiles files, List<ClipTokenizer> opened) {
    return (ModelFiles) Proxy.newProxyInstance(ModelFiles.class.getClassLoader(), new Class<?>[] {ModelFiles.class},
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

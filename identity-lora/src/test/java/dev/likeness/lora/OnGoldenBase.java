package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.ModelExtrasFile;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests that share the tiny Stable Diffusion. */
public abstract class OnGoldenBase {
  public static BaseModel base;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    Path files =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    base = GoldenFolder.load(ModelExtrasFile.write(files));
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  /** Of every byte of the weights that LoRAs change. */
  public static String hash(OpenModel model) {
    try (TensorScope scope = TensorScope.open()) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (ModelComponent component :
          new ModelComponent[] {ModelComponent.UNET, ModelComponent.TEXT_ENCODER}) {
        for (String name : model.tensorNames(component)) {
          Tensor tensor = model.tensor(component, name).contiguous();
          ByteBuffer bytes =
              new BytePointer(tensor.data_ptr()).capacity(tensor.nbytes()).asByteBuffer();
          digest.update(bytes);
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

package dev.likeness.diffusion.internal.file.pickle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.Material;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real files: sums and second elements are those that torch.load of PyTorch 2.10 gives. */
@ExtendWith(NoTensorLeaks.class)
class PublishedPicklesTest {
  @ParameterizedTest
  @CsvSource({
    "pickles/picklescan/new_pytorch_model.bin, 1, tensor, 200, 2",
    "pickles/picklescan/pytorch_model.bin, 38, distilbert.embeddings.word_embeddings.weight,"
        + " -3.6184977869140695, -0.04813232645392418",
    "pickles/strides/fortran_tensor_3d.pth, 1, tensor_fortran, 300, 2",
    "pickles/strides/test.pt, 1, test, 36, 2",
    "pickles/strides/test_with_key.pt, 1, model_state_dict.test, 36, 2",
    "lora/flora.pt, 1, string_to_param.*, 0.6148218892049044, 0.0029686717316508293",
    "lora/lora_pop.pt, 256, 0, -0.009551924957804658, 0.008180387318134308",
    "lora/learned_embeds_1.bin, 1, <frida>, -0.1816089305375499, -0.005191017407923937"
  })
  void readsTheTensorsThatPyTorchReads(
      String name, int count, String tensor, double sum, double second) {
    try (TorchPickle file = TorchPickle.open(Material.of(name));
        TensorScope scope = TensorScope.open()) {
      assertEquals(count, file.names().size());
      Tensor values = file.read(tensor).to(ScalarType.Double).flatten();
      assertEquals(second, values.get(1).item_double());
      assertEquals(sum, values.sum().item_double(), 1e-9 * Math.abs(sum));
    }
  }

  @Test
  void keepsTheOrderOfDimensionsWhateverTheStrides() {
    Path path = Material.of("pickles/strides/fortran_tensor_3d.pth");
    try (TorchPickle file = TorchPickle.open(path);
        TensorScope scope = TensorScope.open()) {
      Tensor tensor = file.read("tensor_fortran");
      assertArrayEquals(new long[] {2, 3, 4}, tensor.shape());
      assertEquals(24, tensor.flatten().get(23).item_long());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "malicious0.pkl| has no known format; give a .safetensors, .ckpt, .pt or .bin file of weights",
        "malicious10.pkl| has no known format; give a .safetensors, .ckpt, .pt or .bin file of weights",
        "bad_pytorch.pt| has no known format; give a .safetensors, .ckpt, .pt or .bin file of weights",
        "broken_model.pkl| has no known format; give a .safetensors, .ckpt, .pt or .bin file of weights",
        "not_a_pickle.bin| has no known format; give a .safetensors, .ckpt, .pt or .bin file of weights",
        "benign0_v3.pkl| is a pickle but not a PyTorch file; give a .safetensors, .ckpt, .pt or .bin file",
        "malicious1.zip| at byte 67: the name \"builtins.eval\" is not needed for tensors; the file was not loaded:"
            + " ask for a safetensors file, or convert it in a sandbox",
        "pytorch_magic_bypass.pt| at byte 2: the name \"__builtin__.eval\" is not needed for tensors; the file was not"
            + " loaded: ask for a safetensors file, or convert it in a sandbox"
      })
  void refusesWhatIsNoCheckpoint(String name, String problem) {
    Path file = Material.of("pickles/picklescan/" + name);
    assertEquals(
        file + " " + problem,
        assertThrows(InvalidInputException.class, () -> TorchPickle.open(file)).getMessage());
  }
}

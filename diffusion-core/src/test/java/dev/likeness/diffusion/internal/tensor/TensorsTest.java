package dev.likeness.diffusion.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class TensorsTest {
  @Test
  void movesNothingOnACpu() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor host = torch.tensor(1f, 2f);
      assertSame(host, Tensors.toDeviceOf(torch.zeros(1), host));
      assertFalse(host.is_pinned());
    }
  }

  @Test
  void overwritesWhatStaysWhereItIs() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor there = torch.zeros(2);
      long address = there.data_ptr().address();
      Tensors.copyInto(there, torch.tensor(3f, 4f));
      assertArrayEquals(new float[] {3, 4}, ImageTensors.floats(there));
      assertEquals(address, there.data_ptr().address());
    }
  }
}

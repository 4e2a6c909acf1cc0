package dev.likeness.diffusion.internal.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Uploads to a device that copies as late as it may. */
@ExtendWith(NoTensorLeaks.class)
class StagedUploadTest {
  private static final int BUFFER = 64;

  @ParameterizedTest
  @CsvSource({
    "0, F32, F32",
    "1, F32, F32",
    "16, F32, F32",
    "17, F32, BF16",
    "200, BF16, F32",
    "333, F8_E4M3, BF16",
    "1000, F32, F32"
  })
  void copiesEveryNumberWhenTheCopiesRunLate(int count, DType stored, DType wanted) {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion()) {
      Tensor host = torch.randn(2L * count).to(Tensors.scalarType(stored));
      Tensor placed;
      try (LateQueue queue = new LateQueue(region)) {
        // A view that is not contiguous.
        placed = new LoadedBlock.StagedUpload(queue, Compute.cpu(wanted))
            .apply(host.view(count, 2).transpose(0, 1));
        assertTrue(queue.mostPending <= 2, queue.mostPending + " copies from two buffers");
      }
      assertArrayEquals(new long[] {2, count}, placed.shape());
      boolean narrowed = stored.bits() > wanted.bits();
      assertEquals(narrowed ? wanted : stored, Tensors.dtype(placed), "casts only to fewer bytes");
      if (count == 0) {
        return;
      }
      assertArrayEquals(
          ImageTensors.floats(
              host.to(placed.scalar_type()).view(count, 2).transpose(0, 1).contiguous()),
          ImageTensors.floats(placed));
    }
  }

  @Test
  void copiesANumberWithoutDimensions() {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion()) {
      Tensor placed;
      try (LateQueue queue = new LateQueue(region)) {
        placed = new LoadedBlock.StagedUpload(queue, Compute.EXACT)
            .apply(torch.tensor(7f).squeeze());
      }
      assertEquals(7, placed.item_float());
    }
  }

  /** A device that runs a copy only when somebody waits for it. */
  private static final class LateQueue implements LoadedBlock.UploadQueue {
    private final Tensor[] buffers = new Tensor[2];
    private final TensorRegion region;
    private final List<Copy> pending = new ArrayList<>();
    private int mostPending;

    private record Copy(Tensor to, Tensor from, int index) {}

    LateQueue(TensorRegion region) {
      this.region = region;
      for (int i = 0; i < 2; i++) {
        buffers[i] = region.keep(torch.zeros(BUFFER).to(ScalarType.Byte));
      }
    }

    @Override
    public Tensor buffer(int index) {
      return buffers[index];
    }

    @Override
    public Tensor allocate(long[] shape, ScalarType type) {
      return torch.empty(shape, new TensorOptions(type), new MemoryFormatOptional());
    }

    @Override
    public void copy(Tensor to, Tensor from, int index) {
      pending.add(new Copy(region.keep(to.alias()), region.keep(from.alias()), index));
      mostPending = Math.max(mostPending, pending.size());
    }

    @Override
    public void await(int index) {
      pending.removeIf(copy -> {
        boolean mine = copy.index == index;
        if (mine) {
          copy.to.copy_(copy.from);
        }
        return mine;
      });
    }

    @Override
    public void close() {
      await(0);
      await(1);
    }
  }
}

package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Master weights in training: f32 leaves that receive gradients. {@code initial} creates a leaf
 * when a module first asks for it; or a checkpoint provides it. Leaves are listed in the order of
 * requests. Used by one thread.
 */
public final class TrainableWeights implements Parameters, AutoCloseable {
  private final Map<String, Tensor> leaves = new LinkedHashMap<>();
  private final TensorRegion region = new TensorRegion();
  private final WeightInitializer initial;
  private final String device;

  /** Creates weights on the CPU, or on the device on which {@code initial} creates its values. */
  public TrainableWeights(WeightInitializer initial) {
    this(initial, null);
  }

  /**
   * Creates weights on {@code device}, for example {@code cuda}; null leaves each tensor on the
   * device on which it is created or read.
   */
  public TrainableWeights(WeightInitializer initial, String device) {
    this.initial = initial;
    this.device = device;
  }

  /**
   * Loads every tensor of {@code source}: into the leaf of that name if it exists, else as a new
   * leaf in f32.
   */
  public void load(TensorSource source) {
    for (String name : source.names()) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor leaf = leaves.get(name);
        Tensor value = source.read(name);
        if (leaf == null) {
          addLeaf(name, value.to(ScalarType.Float).clone());
        } else {
          requireShape(name, value, shape(leaf));
          leaf.detach().copy_(value);
        }
      }
    }
  }

  @Override
  public boolean has(String name) {
    return true;
  }

  @Override
  public Tensor get(String name, long... shape) {
    if (!leaves.containsKey(name)) {
      try (TensorScope scope = TensorScope.open()) {
        addLeaf(name, initial.initial(name, shape));
      }
    }
    Tensor leaf = leaves.get(name);
    requireShape(name, leaf, shape);
    return leaf;
  }

  private static void requireShape(String name, Tensor tensor, long[] shape) {
    long[] actual = shape(tensor);
    if (!Arrays.equals(actual, shape)) {
      throw new InvalidInputException(name + " has shape " + Arrays.toString(actual)
          + " in the checkpoint, expected " + Arrays.toString(shape)
          + "; the checkpoint was trained with other settings or on another base: delete the"
          + " checkpoint to start again");
    }
  }

  /** Returns every leaf created or loaded so far, by full name. */
  public Map<String, Tensor> leaves() {
    return Collections.unmodifiableMap(leaves);
  }

  /** Returns the number of trainable values. */
  public long count() {
    return leaves.values().stream().mapToLong(Tensor::numel).sum();
  }

  private void addLeaf(String name, Tensor value) {
    Tensor leaf = region.keep(
        device == null ? value.detach() : value.detach().to(new Device(device), ScalarType.Float));
    leaf.set_requires_grad(true);
    leaves.put(name, leaf);
  }

  private static long[] shape(Tensor tensor) {
    long[] shape = new long[(int) tensor.dim()];
    Arrays.setAll(shape, i -> tensor.size(i));
    return shape;
  }

  @Override
  public void close() {
    leaves.clear();
    region.close();
  }
}

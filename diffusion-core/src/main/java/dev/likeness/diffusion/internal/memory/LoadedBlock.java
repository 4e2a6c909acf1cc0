package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Tensor;

/** The tensors of one module of a file, loaded while the module is used. */
final class LoadedBlock implements Parameters.Block {
  private final LoadedWeights owner;
  private final Predicate<String> belongs;
  private final Function<String, Tensor> loader;
  private final TensorRegion region = new TensorRegion();
  private final Map<String, Tensor> tensors = new ConcurrentHashMap<>();

  LoadedBlock(LoadedWeights whole, Predicate<String> wanted, Function<String, Tensor> bring) {
    this.owner = whole;
    this.belongs = wanted;
    this.loader = bring;
  }

  @Override
  public void load() {
    owner.names().stream().filter(belongs).sorted().forEach(name -> {
      try (TensorScope scope = TensorScope.open()) {
        tensors.put(name, region.keep(loader.apply(name)));
      }
    });
  }

  @Override
  public boolean has(String name) {
    return owner.has(name);
  }

  @Override
  public Tensor get(String name, long... shape) {
    owner.require(name, shape);
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalStateException(name + " is not a tensor of the loaded module");
    }
    return tensor;
  }

  @Override
  public void close() {
    tensors.clear();
    region.close();
  }
}

package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Tensor;

/** The tensors of one module of a file, brought in for its use. */
final class LoadedBlock implements Parameters.Block {
  private final LoadedWeights whole;
  private final Predicate<String> wanted;
  private final Function<String, Tensor> bring;
  private final TensorRegion region = new TensorRegion();
  private final Map<String, Tensor> here = new ConcurrentHashMap<>();

  LoadedBlock(LoadedWeights whole, Predicate<String> wanted, Function<String, Tensor> bring) {
    this.whole = whole;
    this.wanted = wanted;
    this.bring = bring;
  }

  @Override
  public void load() {
    whole.names().stream().filter(wanted).sorted().forEach(name -> {
      try (TensorScope scope = TensorScope.open()) {
        here.put(name, region.keep(bring.apply(name)));
      }
    });
  }

  @Override
  public boolean has(String name) {
    return whole.has(name);
  }

  @Override
  public Tensor get(String name, long... shape) {
    whole.require(name, shape);
    Tensor tensor = here.get(name);
    if (tensor == null) {
      throw new IllegalStateException(name + " is not of the module that was brought in");
    }
    return tensor;
  }

  @Override
  public void close() {
    here.clear();
    region.close();
  }
}

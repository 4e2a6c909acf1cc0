package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.weights.TensorSource;
import dev.likeness.lora.change.Layer;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A LoRA of a transformer that is shown the picture alone, for one that is shown more of each place behind it, as FLUX.1 Fill is:
 * of that its first layer's first factor takes nothing (diffusers, {@code _maybe_expand_lora_state_dict} in
 * {@code loaders/lora_pipeline.py}, which pads any layer; here other widths are of another base).
 *
 * @param drawn numbers of a place that the transformer answers with, which are the first that it is shown
 * @param shown numbers of a place that it is shown
 */
record PaddedEmbedder(TensorSource source, long drawn, long shown) implements TensorSource {
  private static final String EMBEDDER = "x_embedder";

  static TensorSource of(TensorSource source, LayerTable table) {
    Optional<Layer> first = table.find(Part.TRANSFORMER, EMBEDDER);
    Optional<Layer> last = table.find(Part.TRANSFORMER, "proj_out");
    return first.isPresent() && last.isPresent() ? new PaddedEmbedder(source, last.get().out(), first.get().in()) : source;
  }

  private boolean isNarrow(String name) {
    long[] shape = source.shape(name);
    return drawn < shown && shape.length == 2 && shape[1] == drawn && name.startsWith(Part.TRANSFORMER.folder() + "." + EMBEDDER + ".")
        && Role.cut(name).filter(cut -> cut.role() == Role.DOWN).isPresent();
  }

  @Override
  public Set<String> names() {
    return source.names();
  }

  @Override
  public long[] shape(String name) {
    return isNarrow(name) ? new long[] {source.shape(name)[0], shown} : source.shape(name);
  }

  @Override
  public DType dtype(String name) {
    return source.dtype(name);
  }

  @Override
  public Tensor read(String name) {
    Tensor own = source.read(name);
    return isNarrow(name) ? torch.constant_pad_nd(own, 0, shown - drawn) : own;
  }

  @Override
  public String describe() {
    return source.describe();
  }

  @Override
  public void close() {
    source.close();
  }
}

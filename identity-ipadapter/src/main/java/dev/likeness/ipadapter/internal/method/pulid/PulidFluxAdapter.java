package dev.likeness.ipadapter.internal.method.pulid;

import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.attention.BlockTokens;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.AdapterNames;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.ImageTokens;
import dev.likeness.ipadapter.internal.projection.IdAttention;
import dev.likeness.ipadapter.internal.projection.IdAttention.KeysAndValues;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** The weights of PuLID for FLUX.1, on FLUX.1 or Chroma. */
final class PulidFluxAdapter implements IdentityMethod.Opened {
  private final ImageTokens maker;
  private final boolean hasPersonInBoth;
  private final List<IdAttention> attentions;

  PulidFluxAdapter(AdapterLayout layout, AdapterSites sites, LoadedWeights file, Compute compute) {
    Weights root = Weights.of(file);
    // The node for Chroma has no unconditional input: both predictions attend to the person.
    hasPersonInBoth = sites.family().equals(FamilyRegistry.CHROMA);
    maker = new ImageTokens(
        layout, new FaceTokens(new AdapterNames(file), root, PulidMethod.FLUX_ENCODER), compute);
    attentions = IntStream.range(0, sites.paths().size())
        .mapToObj(t -> new IdAttention(
            root.at(PulidMethod.FLUX_ATTENTIONS).at(t),
            sites.widths().get(t),
            layout.contextWidth(),
            layout.hiddenWidth(),
            IdAttention.HEADS))
        .toList();
  }

  @Override
  public Optional<BlockTokens> blockTokens(
      ReferenceEmbeddings references, boolean isUnconditional) {
    Tensor tokens = isUnconditional && !hasPersonInBoth
        ? maker.unconditional(references)
        : maker.of(references);
    List<KeysAndValues> persons =
        attentions.stream().map(attention -> attention.keysAndValues(tokens)).toList();
    return Optional.of(
        (t, image) -> attentions.get(t).forward(expand(persons.get(t), image.size(0)), image));
  }

  private static KeysAndValues expand(KeysAndValues person, long batch) {
    return new KeysAndValues(
        person.keys().expand(batch, -1, -1, -1), person.values().expand(batch, -1, -1, -1));
  }
}

package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** All caching methods of a base by name, the exact one first. Closed by the caller. */
final class CachingVariants implements AutoCloseable {
  static final String EXACT = "exact";

  private final Map<String, Variant> variants = new LinkedHashMap<>();
  private final List<BaseModel> models = new ArrayList<>();

  private CachingVariants() {}

  /** A model and the change of its request. */
  record Variant(BaseModel model, UnaryOperator<ImageRequest> configure) {}

  /**
   * The ways for a diffusers folder; with a tiny decoder where it brings one as {@code preview}.
   */
  static CachingVariants of(Path folder, Compute compute) {
    ModelFiles files = ModelFiles.of(folder);
    CachingVariants made = new CachingVariants();
    BaseModel base = made.register(BaseModel.open(files, compute));
    made.variants.put(EXACT, new Variant(base, request -> request));
    boolean unet = ModelOpener.open(folder).componentNames().contains("unet");
    if (unet) {
      made.addUNetVariants(base);
    } else {
      for (double change : new double[] {0.05, 0.1, 0.2, 0.3, 0.5}) {
        made.put("first block within " + change, base, CachingOptions.firstBlock(change));
      }
    }
    made.addCommonVariants(base);
    BaseModel small = made.register(
        BaseModel.open(files, compute, MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS)));
    made.put("8-bit weights", small, CachingOptions.NONE);
    made.put("8-bit weights, extrapolation every 4", small, CachingOptions.extrapolation(4));
    BaseModel multiplied = made.register(
        BaseModel.open(files, compute, MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS)));
    made.put("8-bit products", multiplied, CachingOptions.NONE);
    made.put("8-bit products, extrapolation every 4", multiplied, CachingOptions.extrapolation(4));
    Extra.PREVIEW_DECODER.in(folder).ifPresent(tiny -> {
      BaseModel quick = made.register(BaseModel.open(files.with("vae", tiny), compute));
      made.put("tiny decoder", quick, CachingOptions.NONE);
      made.put("tiny decoder, extrapolation every 4", quick, CachingOptions.extrapolation(4));
    });
    return made;
  }

  /**
   * A sampler without noise, as one that adds it turns a small difference into another image; null
   * for the base's own.
   */
  String sampler() {
    return EngineAccess.model(variants.get(EXACT).model()).family()
            == FamilyRegistry.STABLE_DIFFUSION
        ? "DPM++ 2M Karras"
        : null;
  }

  /** Those whose names {@code wanted} is found in. */
  Map<String, Variant> matching(Pattern wanted) {
    Map<String, Variant> found = new LinkedHashMap<>(variants);
    found.keySet().removeIf(name -> !wanted.matcher(name).find());
    return found;
  }

  @Override
  public void close() {
    models.forEach(BaseModel::close);
  }

  private void addUNetVariants(BaseModel base) {
    for (int every = 2; every <= 4; every++) {
      put("DeepCache every " + every, base, CachingOptions.deepCache(every, 0));
      put("deep forecast every " + every, base, CachingOptions.deepForecast(every, 0));
    }
    put("DeepCache every 3, 1 layer more", base, CachingOptions.deepCache(3, 1));
    put("a quarter of the tokens merged", base, CachingOptions.NONE.tokenMerging(0.25));
    put("half of the tokens merged", base, CachingOptions.NONE.tokenMerging(0.5));
    put("DeepCache every 3, half merged", base, CachingOptions.deepCache(3, 0).tokenMerging(0.5));
    put(
        "extrapolation every 4, half merged",
        base,
        CachingOptions.extrapolation(4).tokenMerging(0.5));
    variants.put(
        "deep forecast every 3, guidance until 0.6",
        new Variant(
            base,
            request -> withEarlyGuidance(request).caching(CachingOptions.deepForecast(3, 0))));
  }

  private void addCommonVariants(BaseModel base) {
    for (int every = 2; every <= 4; every++) {
      put("extrapolation every " + every, base, CachingOptions.extrapolation(every));
    }
    variants.put("guidance until 0.6", new Variant(base, CachingVariants::withEarlyGuidance));
  }

  private static ImageRequest withEarlyGuidance(ImageRequest request) {
    return request.guidance(GuidanceOptions.DEFAULT.between(0, 0.6));
  }

  private void put(String name, BaseModel model, CachingOptions approximation) {
    variants.put(name, new Variant(model, request -> request.caching(approximation)));
  }

  private BaseModel register(BaseModel model) {
    models.add(model);
    return model;
  }
}

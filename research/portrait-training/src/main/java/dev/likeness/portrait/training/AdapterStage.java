package dev.likeness.portrait.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.training.adapter.AdapterTraining;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.Tensor;

/**
 * The IP-Adapter's stage of {@link TrainParts}: what an embedder sees of people's images, a
 * {@link LatentEye} that foretells it from latents, and the adapter, which is told what the
 * embedder sees and taught by what the eye does.
 */
record AdapterStage(
    Path work, BaseModel base, RenderStore store, PeopleRenders renders, PartNumbers numbers) {
  /** Trains, going on where it was stopped, and returns the adapter's file. */
  Path run(Path embedder, IntConsumer encoded, Progress progress) {
    int people = numbers.of("people");
    Path known = work.resolve("people-latents.safetensors");
    int count = people * PeopleRenders.SHOTS;
    try (TorchEmbedder seer = TorchEmbedder.open(embedder)) {
      WorkStamp.require(work, "embedder", seer.name());
      if (!Files.exists(known)) {
        new PeopleLatents(base, store, renders, seer).write(known, count, encoded);
      }
    }
    require(known, count);
    try (LatentEyeTraining training =
        new LatentEyeTraining(known, renders, people, numbers.of("seed"))) {
      training.run(work.resolve(LatentEye.STATE), numbers.of("eyeSteps"));
    }
    try (TensorRegion region = new TensorRegion();
        LatentEye eye = LatentEye.open(work.resolve(LatentEye.STATE))) {
      Tensor places = kept(region, known, "places");
      Tensor seen = kept(region, known, "seen");
      PerceptualLoss likeness = new PerceptualLoss(
          "latent eye",
          (latents, images) -> eye.forward(
                  Tensors.place(TrainingDevice.COMPUTE.withDtype(DType.F32), latents),
                  LatentEyeTraining.rows(places, images))
              .cpu(),
          Architecture.LIKENESS,
          0);
      Path trained = work.resolve("adapter.safetensors");
      settings()
          .train(
              base,
              null,
              new PairList(store, renders, people, i -> PeopleLatents.row(seen, i)),
              likeness,
              trained,
              work.resolve("adapter-state.safetensors"),
              Run.of(progress));
      return trained;
    }
  }

  private static void require(Path known, int images) {
    try (Safetensors file = Safetensors.open(known)) {
      long there = file.shape("seen")[0];
      if (there != images) {
        throw new InvalidInputException(known + " knows " + there + " images, expected " + images
            + "; give as many people as when it was made, or delete it");
      }
    }
  }

  private AdapterTraining settings() {
    return Architecture.adapter()
        .initialAdapter(numbers.start())
        .steps(numbers.of("adapterSteps"))
        .batchSize(numbers.of("adapterBatch"))
        .seed(numbers.of("seed"));
  }

  private static Tensor kept(TensorRegion region, Path file, String name) {
    try (TensorScope scope = TensorScope.open();
        Safetensors source = Safetensors.open(file)) {
      return region.keep(source.read(name).clone());
    }
  }
}

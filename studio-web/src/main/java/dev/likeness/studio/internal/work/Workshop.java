package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.PreviewDecoder;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.provenance.Disclosure;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStudio;
import java.nio.file.Files;
import java.util.Optional;

/** The opened base with all that works on it. */
final class Workshop implements AutoCloseable {
  private final BaseModel base;
  private final Disclosure disclosure;
  private final ReviewTools tools;
  private final Optional<FaceEmbedder> own;
  private final HeadshotStudio studio;
  private final GenerationQueue queue;
  private final Optional<PreviewDecoder> previews;

  Workshop(BaseModel base, long memoryBytes, Disclosure disclosure) {
    this.base = base;
    this.disclosure = disclosure;
    ReviewTools builtIn = ReviewTools.builtIn();
    this.tools = base.folder().map(builtIn::withEmbedderIn).orElse(builtIn);
    this.own = base.folder().flatMap(ReviewTools::embedderIn);
    HeadshotStudio plain = HeadshotStudio.on(base);
    this.studio = tools.embedder().or(() -> own).map(plain::embedder).orElse(plain);
    this.previews = base.folder()
        .map(Extra.PREVIEW_DECODER::at)
        .filter(Files::exists)
        .map(file -> PreviewDecoder.open(file, base.compute()));
    this.queue =
        GenerationQueue.on(studio, GenerationQueue.Options.defaults().memoryBytes(memoryBytes));
  }

  BaseModel base() {
    return base;
  }

  GenerationQueue queue() {
    return queue;
  }

  HeadshotStudio studio() {
    return studio;
  }

  /** Returns the decoder of previews, if the base's folder has one. */
  Optional<PreviewDecoder> previews() {
    return previews;
  }

  /** Returns the tools that review photos. */
  ReviewTools tools() {
    return tools;
  }

  /** Returns the embedder that validates a training. */
  Optional<FaceEmbedder> embedder() {
    return tools.embedder().or(() -> own);
  }

  /** Returns a studio that trains and generates with the given settings. */
  SubjectStudio subjects(HeadshotStudio with) {
    return SubjectStudio.on(base, with).tools(tools).marking(disclosure);
  }

  /**
   * Returns the tools that judge a person's headshots: with the base's own embedder if the person's
   * file has no embeddings of another one.
   */
  ReviewTools judging(PersonRecord kept) {
    boolean fits = tools.embedder().isEmpty()
        && own.isPresent()
        && kept.faces()
            .filter(faces -> !faces.embedder().equals(own.get().name()))
            .isEmpty();
    return fits ? tools.withEmbedder(own.get()) : tools;
  }

  /**
   * The identity that a subject's headshots show.
   *
   * @param trained closed with this object
   */
  record Shown(Optional<LoraPerson> trained, Identity identity, PersonRecord kept)
      implements AutoCloseable {
    @Override
    public void close() {
      trained.ifPresent(LoraPerson::close);
    }
  }

  /** Opens the identity of a subject that was trained or has reference images. */
  Shown open(Subject subject) {
    var images = SubjectStudio.findReferences(subject, base);
    if (!SubjectStudio.isTrained(subject) && images.isPresent()) {
      return new Shown(Optional.empty(), images.get(), images.get().record());
    }
    LoraPerson trained = LoraPerson.open(SubjectStudio.personFile(subject), base);
    LoraPerson known =
        trained.consent().isPresent() ? trained : trained.withConsent(subject.consent());
    return images.isPresent()
        ? new Shown(
            Optional.of(known), images.get().withLoraPerson(known), images.get().record())
        : new Shown(Optional.of(known), known, PersonRecord.of(known));
  }

  /** Returns true if the subject can be shown in headshots of this base; not a use of the data. */
  boolean isReady(Subject subject) {
    return SubjectStudio.isReady(subject, base);
  }

  @Override
  public void close() {
    queue.close();
    previews.ifPresent(PreviewDecoder::close);
    tools.close();
    own.ifPresent(FaceEmbedder::close);
    base.close();
  }
}

package dev.likeness.vault;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.ReviewTools;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A shoot into a subject's images: each headshot is kept as it is drawn, so that what stops the
 * shoot loses none, not even a killed process.
 */
final class StoredShoot {
  private final BaseModel base;
  private final TrainedPerson person;
  private final ShootRequest request;
  private final Path images;
  private final int first;
  private final GeneratedImage.Marking marking;
  private final ReviewTools tools;
  private final List<Headshot> kept = new ArrayList<>();

  /**
   * One that is to begin.
   *
   * @param images where they are kept
   * @param first how many numbers of earlier images come before
   */
  StoredShoot(
      BaseModel base,
      TrainedPerson person,
      ShootRequest request,
      Path images,
      int first,
      GeneratedImage.Marking marking,
      ReviewTools tools) {
    this.base = base;
    this.person = person;
    this.request = request;
    this.images = images;
    this.first = first;
    this.marking = marking;
    this.tools = tools;
  }

  /**
   * Keeps what was drawn, cropped as its style says, whole where no face is seen to crop by, and
   * the record of all so far.
   */
  void add(Headshot drawn) {
    Headshot cropped = drawn.crop(drawn.style().crop(), tools.detector()).orElse(drawn);
    cropped.write(images.resolve(Headshot.fileName(first + kept.size())), marking);
    kept.add(cropped);
    write(record());
  }

  /** All that was kept, once its record says in what each departs from the photos. */
  Shoot judged() {
    List<Authenticity.Result> verdicts = Authenticity.of(person, tools)
        .map(measure ->
            kept.stream().map(headshot -> measure.judge(headshot.image())).toList())
        .orElse(List.of());
    write(record().authenticity(verdicts));
    return shoot();
  }

  private Shoot shoot() {
    return new Shoot(request, kept);
  }

  private ShootRecord record() {
    return ShootRecord.of(base, person, shoot(), first);
  }

  private void write(ShootRecord record) {
    String number = first == 0 ? "" : String.format(Locale.ROOT, "-%03d", first + 1);
    record.write(images.resolve(ShootRecord.FILE.replace(".", number + ".")));
  }
}

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
  private final Path imageFolder;
  private final int firstIndex;
  private final GeneratedImage.Marking marking;
  private final ReviewTools tools;
  private final List<Headshot> headshots = new ArrayList<>();

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
    this.imageFolder = images;
    this.firstIndex = first;
    this.marking = marking;
    this.tools = tools;
  }

  /**
   * Keeps what was drawn, cropped as its style says, whole where no face is seen to crop by, and
   * the record of all so far.
   */
  void add(Headshot drawn) {
    Headshot cropped = drawn.crop(drawn.style().crop(), tools.detector()).orElse(drawn);
    cropped.write(imageFolder.resolve(Headshot.fileName(firstIndex + headshots.size())), marking);
    headshots.add(cropped);
    write(record());
  }

  /** All that was kept, once its record says in what each departs from the photos. */
  Shoot finish() {
    List<Authenticity.Result> verdicts = Authenticity.of(person, tools)
        .map(measure ->
            headshots.stream().map(headshot -> measure.judge(headshot.image())).toList())
        .orElse(List.of());
    write(record().authenticity(verdicts));
    return shoot();
  }

  private Shoot shoot() {
    return new Shoot(request, headshots);
  }

  private ShootRecord record() {
    return ShootRecord.of(base, person, shoot(), firstIndex);
  }

  private void write(ShootRecord record) {
    String number = firstIndex == 0 ? "" : String.format(Locale.ROOT, "-%03d", firstIndex + 1);
    record.write(imageFolder.resolve(ShootRecord.FILE.replace(".", number + ".")));
  }
}

/**
 * Who is there, in no order: for what comes and goes with each connection. Not a `Set` or a `Map`: V8 makes a new table for
 * every few members that come and go, and each of the old tables refers to the next one. Once one of them has grown old,
 * all of them stay until the next full garbage collection, with the members of their time: a quarter of all connections
 * that there have been since, which each scavenge copies.
 */
export class Roster<T> implements Iterable<T> {
  readonly #places: Place<T>[] = [];
  readonly #onLeft: (() => void) | undefined;

  constructor(onLeft?: () => void) {
    this.#onLeft = onLeft;
  }

  get size(): number {
    return this.#places.length;
  }

  add(member: T): Place<T> {
    const place = new Place(this, member, this.#places.length);
    this.#places.push(place);
    return place;
  }

  /** Does nothing the second time. */
  remove(place: Place<T>): void {
    const { index } = place;
    const last = place.isTaken ? this.#places.pop() : undefined;
    if (last === undefined) return;
    last.index = index;
    if (last !== place) this.#places[index] = last;
    place.index = -1;
    this.#onLeft?.();
  }

  /** Of those who are there now, whoever leaves meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return this.#places.map(({ member }) => member).values();
  }
}

/** A member's place in a {@link Roster}. */
export class Place<T> {
  readonly member: T;
  /** @internal */
  index: number;
  readonly #roster: Roster<T>;

  /** @internal */
  constructor(roster: Roster<T>, member: T, index: number) {
    this.#roster = roster;
    this.member = member;
    this.index = index;
  }

  get isTaken(): boolean {
    return this.index >= 0;
  }

  leave(): void {
    this.#roster.remove(this);
  }
}

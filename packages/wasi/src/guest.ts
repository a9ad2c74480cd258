/** The state of one guest that its imports work on. */
export class Guest {}
